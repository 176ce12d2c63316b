/**
 * The contract between what decides and what does (HOUSE section 3).
 *
 * A core is a state machine without clock, I/O or randomness: time and one event go in, a list of effects comes out.
 * The same core runs in production (lib/runtime/host.ts) and in the simulator (test/sim).
 *
 * ORDER IS THE CONTRACT: effects are carried out in list order; a `persist` is on disk before any later effect of the
 * same list. Timers are names: setting a name again replaces it, and no stale timer event arrives.
 */

/** Milliseconds of a monotonic clock; only differences mean anything. */
export type Millis = number;

/** A deciding state machine. `step` runs to the end: no callback, no re-entry, no throw on bad input. */
export interface Core<Event, Effect> {
  step(now: Millis, event: Event): readonly Effect[];
}

/** The timer of this name has run out. */
export interface TimerEvent {
  readonly kind: "timer";
  readonly name: string;
}

export interface SetTimer {
  readonly kind: "set-timer";
  readonly name: string;
  readonly delayMs: Millis;
}

export interface CancelTimer {
  readonly kind: "cancel-timer";
  readonly name: string;
}

/** syslog's levels, by their names in log lines. */
export type LogLevel = "crit" | "error" | "warning" | "notice" | "info" | "debug" | "trace";

/** One log line; `subsystem` is the word in brackets (MAIN, TOTEM, pcmk) or the daemon's name. */
export interface LogEffect {
  readonly kind: "log";
  readonly level: LogLevel;
  readonly subsystem: string;
  readonly text: string;
}

/** Write a whole file durably: temporary name, write, fsync, rename, fsync of the folder. `data: undefined` removes it. */
export interface PersistEffect {
  readonly kind: "persist";
  readonly path: string;
  readonly data: Uint8Array | undefined;
  readonly mode?: number;
}

/** The process ends with this exit code once every earlier effect is done. */
export interface ExitEffect {
  readonly kind: "exit";
  readonly code: number;
}

/** Effects every core may return. */
export type CommonEffect = SetTimer | CancelTimer | LogEffect | PersistEffect | ExitEffect;
