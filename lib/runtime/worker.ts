/**
 * Worker threads: long calculations beside the event loop. A worker answers each task with one message; tasks are carried out
 * one after the other. One that cannot start or dies rejects what waits, and the caller does the work itself.
 */
import { translateEarly } from "./jit-policy.ts";

/** Bun's name for this thread's own end, inside a Worker. */
declare const self: Worker;

interface Answer {
  readonly task: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The caller's end: `run` sends a task and resolves with its result. */
export interface WorkerLink<Task, Result> {
  run(task: Task): Promise<Result>;
  close(): void;
}

/** Where a Worker's entry is: inside the binary by its path, else in the source tree. `path` is from the repository's root. */
function entryOf(path: string): string {
  const compiled = import.meta.url.includes("/$bunfs/");
  return compiled ? `./${path}` : new URL(`../../${path}`, import.meta.url).href;
}

class Link<Task, Result> implements WorkerLink<Task, Result> {
  readonly #path: string;
  readonly #waiting = new Map<
    number,
    { resolve: (result: Result) => void; reject: (error: Error) => void }
  >();
  #worker: Worker | undefined;
  #nextTask = 1;

  constructor(path: string) {
    this.#path = path;
  }

  run(task: Task): Promise<Result> {
    return new Promise((resolve, reject) => {
      const number = this.#nextTask++;
      this.#waiting.set(number, { resolve, reject });
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage({ task: number, data: task });
      } catch (error) {
        this.#fail(String(error));
      }
    });
  }

  close(): void {
    this.#fail("closed");
  }

  #start(): Worker {
    const worker = new Worker(entryOf(this.#path));
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.task);
      this.#waiting.delete(data.task);
      if (data.error === undefined) waiting?.resolve(data.result as Result);
      else waiting?.reject(new Error(data.error));
    };
    worker.onerror = (event) => this.#fail(event.message);
    return worker;
  }

  /** The worker is of no use any more; the next task starts another one. */
  #fail(reason: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(`worker: ${reason}`));
  }
}

/** A link to the worker whose entry is `path`; it starts with the first task. */
export function openWorker<Task, Result>(path: string): WorkerLink<Task, Result> {
  return new Link(path);
}

/** The worker's end: answers every task with what `work` returns. */
export function serveTasks<Task, Result>(work: (task: Task) => Result): void {
  translateEarly();
  self.onmessage = ({ data }: MessageEvent<{ task: number; data: Task }>) => {
    let answer: Answer;
    try {
      answer = { task: data.task, result: work(data.data) };
    } catch (error) {
      answer = { task: data.task, error: error instanceof Error ? error.message : String(error) };
    }
    self.postMessage(answer);
  };
}
