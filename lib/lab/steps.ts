/**
 * What building, breaking and mending a lab is, as data (HOUSE: lab, install → list of steps). A step is a shell script for
 * one place; lib/runtime/namespace.ts carries the list out in order and stops at the first that fails.
 */

/**
 * "machine": the machine itself; "lab": the outer container with the bridges; otherwise inside one host. With `peer` the
 * script finds in $HOST_PID the pid 1 of that host, as the outer container counts.
 */
export type Place =
  | { readonly at: "machine" }
  | { readonly at: "lab"; readonly peer?: string }
  | { readonly at: "host"; readonly host: string };

/** A set of namespaces with a pid 1 of its own. */
export type Container = Exclude<Place, { readonly at: "machine" }>;

/** Commands for one place; `/bin/sh -eu`. */
export interface ScriptStep {
  readonly kind: "script";
  readonly title: string;
  readonly place: Place;
  readonly script: string;
}

/** Starts a container (the lab's outer one, or a host inside it) whose pid 1 runs `script` and then reaps for ever. */
export interface BootStep {
  readonly kind: "boot";
  readonly title: string;
  readonly place: Container;
  readonly script: string;
}

/** Ends a container: its pid 1 gets SIGKILL, and the kernel ends everything in it at once, like a power cut. */
export interface KillStep {
  readonly kind: "kill";
  readonly title: string;
  readonly place: Container;
}

export type LabStep = ScriptStep | BootStep | KillStep;

/** One word for the shell. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One command line from its words. */
export function command(...argv: readonly string[]): string {
  return argv.map(word).join(" ");
}

/** Commands that write a file with exactly this text. */
export function writeFile(path: string, text: string, mode: number): string {
  return `printf %s ${word(text)} > ${word(path)}\nchmod ${mode.toString(8)} ${word(path)}`;
}
