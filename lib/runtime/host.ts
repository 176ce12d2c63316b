/**
 * Runs one core: events in, effects out, in order (HOUSE section 3). One event is stepped only when all effects of the one
 * before are done, so a `persist` is on disk before any later send, and no timer event arrives that was cancelled meanwhile.
 *
 * Each daemon hands in its carriers, a map from effect kind to handler. Timers, logs, persists and exit have defaults here.
 */
import type { CommonEffect, Core, LogEffect, Millis, TimerEvent } from "../base/core.ts";
import { monotonicMs } from "./clock.ts";
import { writeDurably } from "./disk.ts";

interface Kind {
  readonly kind: string;
}

/** Carries out one effect. A promise holds back everything later until it settles; a rejection ends the process. */
export type Carrier<Effect extends Kind> = (effect: Effect) => void | Promise<void>;

/** The members of a union of effects that may be of this kind. */
type OfKind<Effect extends Kind, K> = Effect extends { readonly kind: infer Own }
  ? K extends Own
    ? Effect
    : never
  : never;

/** A carrier for every effect kind but those the host has itself; `log` is always needed. */
export type Carriers<Effect extends Kind> = {
  readonly [K in Exclude<Effect["kind"], CommonEffect["kind"]>]: Carrier<OfKind<Effect, K>>;
} & {
  readonly log: Carrier<LogEffect>;
  /** Instead of the default, which writes at once and logs an error that the disk gives. */
  readonly persist?: Carrier<Extract<CommonEffect, { readonly kind: "persist" }>>;
};

export interface Host<Event> {
  /** Queues an event. Safe from anywhere, also from inside a carrier. */
  post(event: Event): void;
  /** Drops all timers and queued events; nothing is stepped afterwards. */
  stop(): void;
  /** Resolves with the exit code when the core returned an exit effect or failed (70). */
  readonly done: Promise<number>;
}

export interface HostOptions {
  readonly now?: () => Millis;
  /** Called for an error of the core or a carrier, before `done` resolves with 70. */
  readonly onError?: (error: unknown) => void;
}

/** setTimeout takes 31 bits; a longer delay would run out at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The system's timer of a cancelled one may stay armed for so long. */
const LONGEST_IDLE_MS = 10_000;

/** EX_SOFTWARE: the exit code after an error of our own code. */
const EXIT_SOFTWARE = 70;

interface QueuedTimer {
  readonly timer: string;
  readonly generation: number;
}

/** A timer that is set, or was cancelled while the system's is still armed. */
interface Timer {
  /** When it runs out, by our clock; infinite when it is not set. */
  due: Millis;
  /** Changes with every set and cancel: an entry of the queue that has another is stale. */
  generation: number;
  /** When the system's timer fires, if it is armed. */
  firesAt: Millis;
  handle: NodeJS.Timeout | undefined;
}

class CoreHost<Event extends Kind, Effect extends Kind> implements Host<Event> {
  readonly done: Promise<number>;
  readonly #core: Core<Event, Effect>;
  readonly #carriers: ReadonlyMap<string, Carrier<Kind>>;
  readonly #now: () => Millis;
  readonly #onError: (error: unknown) => void;
  readonly #timers = new Map<string, Timer>();
  #queue: (Event | QueuedTimer)[] = [];
  #generation = 0;
  #busy = false;
  #stopped = false;
  #resolve: (code: number) => void = () => {};

  constructor(
    core: Core<Event, Effect>,
    carriers: Readonly<Record<string, unknown>>,
    options: HostOptions,
  ) {
    this.#core = core;
    this.#now = options.now ?? monotonicMs;
    this.#onError = options.onError ?? (() => {});
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const own = this.#ownCarriers(carriers["log"] as Carrier<LogEffect>);
    this.#carriers = new Map(Object.entries({ ...own, ...carriers }) as [string, Carrier<Kind>][]);
  }

  post(event: Event): void {
    this.#enqueue(event);
  }

  stop(): void {
    this.#stopped = true;
    this.#queue = [];
    for (const timer of this.#timers.values()) clearTimeout(timer.handle);
    this.#timers.clear();
  }

  #enqueue(entry: Event | QueuedTimer): void {
    if (this.#stopped) return;
    this.#queue.push(entry);
    if (!this.#busy) this.#drain();
  }

  /** Steps queued events until the queue is empty or a carrier has to be waited for. */
  #drain(): void {
    this.#busy = true;
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        for (let i = 0; i < batch.length; i++) {
          const effects = this.#step(batch[i]!);
          const wait = this.#perform(effects, 0);
          if (this.#stopped) return;
          if (wait !== undefined) {
            this.#queue = [...batch.slice(i + 1), ...this.#queue];
            wait.then(
              () => this.#drain(),
              (error) => this.#fail(error),
            );
            return;
          }
        }
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#busy = false;
  }

  #step(entry: Event | QueuedTimer): readonly Effect[] {
    if (!("timer" in entry)) return this.#core.step(this.#now(), entry);
    const timer = this.#timers.get(entry.timer);
    if (timer?.generation !== entry.generation) return [];
    this.#timers.delete(entry.timer);
    const event: TimerEvent = { kind: "timer", name: entry.timer };
    return this.#core.step(this.#now(), event as Kind as Event);
  }

  /** Carries out effects from `start` on. Returns a promise as soon as one of them has to be waited for. */
  #perform(effects: readonly Effect[], start: number): Promise<void> | undefined {
    for (let i = start; i < effects.length; i++) {
      if (this.#stopped) return undefined;
      const effect = effects[i]!;
      const carrier = this.#carriers.get(effect.kind);
      if (carrier === undefined) throw new Error(`no carrier for effect ${effect.kind}`);
      const wait = carrier(effect);
      if (wait !== undefined) return wait.then(() => this.#perform(effects, i + 1));
    }
    return undefined;
  }

  #ownCarriers(log: Carrier<LogEffect>): { [K in CommonEffect["kind"]]?: Carrier<never> } {
    const own: {
      [K in CommonEffect["kind"]]?: Carrier<Extract<CommonEffect, { kind: K }>>;
    } = {
      "set-timer": (effect) => this.#setTimer(effect.name, effect.delayMs),
      "cancel-timer": (effect) => this.#cancelTimer(effect.name),
      persist: (effect) => {
        const options = effect.mode === undefined ? {} : { mode: effect.mode };
        const failed = writeDurably(effect.path, effect.data, options);
        if (failed === undefined) return;
        return log({ kind: "log", level: "error", subsystem: "MAIN", text: failed.text });
      },
      exit: (effect) => {
        this.stop();
        this.#resolve(effect.code);
      },
    };
    return own;
  }

  /**
   * Timers are set again far more often than they run out: a token moves three with every visit. So the system's timer stays
   * armed when a later time is wanted, and looks at the time that counts when it fires.
   */
  #setTimer(name: string, delayMs: Millis): void {
    const due = this.#now() + Math.max(0, delayMs);
    const generation = ++this.#generation;
    const timer = this.#timers.get(name);
    if (timer === undefined) {
      const made = { due, generation, firesAt: due, handle: undefined };
      this.#timers.set(name, made);
      this.#arm(name, made);
      return;
    }
    timer.due = due;
    timer.generation = generation;
    if (timer.handle === undefined || timer.firesAt > due) this.#arm(name, timer);
  }

  #arm(name: string, timer: Timer): void {
    clearTimeout(timer.handle);
    const left = Math.min(Math.max(0, timer.due - this.#now()), LONGEST_TIMEOUT_MS);
    timer.firesAt = this.#now() + left;
    timer.handle = setTimeout(() => {
      timer.handle = undefined;
      if (timer.due === Number.POSITIVE_INFINITY) {
        this.#timers.delete(name);
        return;
      }
      // The system's clock is coarser than ours; a fraction of a millisecond is no reason to wait again.
      if (timer.due - this.#now() >= 1) this.#arm(name, timer);
      else this.#enqueue({ timer: name, generation: timer.generation });
    }, left);
  }

  #cancelTimer(name: string): void {
    const timer = this.#timers.get(name);
    if (timer === undefined) return;
    timer.due = Number.POSITIVE_INFINITY;
    timer.generation = ++this.#generation;
    if (timer.firesAt - this.#now() < LONGEST_IDLE_MS) return;
    clearTimeout(timer.handle);
    this.#timers.delete(name);
  }

  #fail(error: unknown): void {
    this.stop();
    this.#onError(error);
    this.#resolve(EXIT_SOFTWARE);
  }
}

/**
 * Starts running `core`. Nothing happens until the first `post`.
 * @param carriers a handler for each effect kind of the core but set-timer, cancel-timer, persist and exit.
 */
export function runCore<Event extends Kind, Effect extends Kind>(
  core: Core<Event, Effect>,
  carriers: Carriers<Effect>,
  options: HostOptions = {},
): Host<Event> {
  return new CoreHost(core, carriers as Readonly<Record<string, unknown>>, options);
}
