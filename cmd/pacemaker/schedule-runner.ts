/**
 * Makes schedules for the daemon: at once while they are short, in a Worker as soon as one took long, so that a large cluster's
 * node goes on watching its resources meanwhile.
 */
import type { CibDoc } from "../../lib/cib/document.ts";
import { monotonicMs } from "../../lib/runtime/clock.ts";
import { openWorker, type WorkerLink } from "../../lib/runtime/worker.ts";
import type { ScheduleOptions, ScheduleResult } from "../../lib/scheduler/api.ts";
import { schedule } from "../../lib/scheduler/schedule.ts";
import { writeXml } from "../../lib/xml/write.ts";
import type { ScheduleTask } from "../schedule-worker.ts";

/** A schedule above this goes to the Worker the next time; copying the CIB there costs a fifth of making one. */
const LONG_MS = 100;
const WORKER_ENTRY = "cmd/schedule-worker.ts";

export class ScheduleRunner {
  readonly #worker: WorkerLink<ScheduleTask, ScheduleResult>;
  #lastMs = 0;

  constructor() {
    this.#worker = openWorker(WORKER_ENTRY);
  }

  /** Calls `done` with the schedule, now or later. */
  run(
    cib: CibDoc,
    now: number,
    options: ScheduleOptions,
    done: (result: ScheduleResult) => void,
  ): void {
    if (this.#lastMs <= LONG_MS) {
      done(this.#here(cib, now, options));
      return;
    }
    const started = monotonicMs();
    const task = { cib: writeXml(cib.root, { indent: false }), now, options };
    this.#worker.run(task).then(
      (result) => {
        this.#lastMs = monotonicMs() - started;
        done(result);
      },
      // Without a Worker the daemon is slower, not wrong.
      () => done(this.#here(cib, now, options)),
    );
  }

  close(): void {
    this.#worker.close();
  }

  #here(cib: CibDoc, now: number, options: ScheduleOptions): ScheduleResult {
    const started = monotonicMs();
    const result = schedule(cib, now, options);
    this.#lastMs = monotonicMs() - started;
    return result;
  }
}
