/**
 * Carries out the steps of a lab (lib/lab/steps.ts) with the machine's own tools: unshare, nsenter, ip, mount. A container is
 * found again by the command line of its pid 1, which carries the lab's id; no pid is ever taken from a file.
 */
import { readdirSync, readFileSync } from "node:fs";
import { CrmError } from "../base/error.ts";
import { limits } from "../base/limits.ts";

/** The same shape as lib/lab/steps.ts; this shelf knows nothing of labs. */
export type NamespacePlace =
  | { readonly at: "machine" }
  | { readonly at: "lab"; readonly peer?: string }
  | { readonly at: "host"; readonly host: string };

export interface NamespaceStep {
  readonly kind: "script" | "boot" | "kill";
  readonly title: string;
  readonly place: NamespacePlace;
  readonly script?: string;
}

/** Which containers are meant: a lab's id, and whether its owner is an ordinary user. */
export interface NamespaceSet {
  readonly id: string;
  readonly unprivileged: boolean;
  /** Says whether a container is up; a path below the outer container's root. */
  readonly readyFile: (host: string | undefined) => string;
}

const MARK = "quorate-lab";

/** Pids of one process, from this process's view inwards: [here, …, in its own namespace]. */
function pidsInside(pid: number): readonly number[] {
  try {
    const line = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
    return line.split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

/** A process that is just replacing itself shows no words for a moment. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 3;

/** The pid 1 of a container as this process sees it; undefined when it does not run. */
export function containerPid(set: NamespaceSet, host?: string): number | undefined {
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) Bun.sleepSync(LOOK_AGAIN_MS);
    const pid = scan(set, host);
    if (pid !== undefined) return pid;
  }
  return undefined;
}

function scan(set: NamespaceSet, host: string | undefined): number | undefined {
  const ending = `\0${MARK}\0${set.id}\0${host === undefined ? "" : `${host}\0`}`;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    let words: string;
    try {
      words = readFileSync(`/proc/${name}/cmdline`, "latin1");
    } catch {
      continue;
    }
    if (!words.startsWith("sh\0") || !words.endsWith(ending)) continue;
    if (pidsInside(Number(name)).at(-1) === 1) return Number(name);
  }
  return undefined;
}

/** Words that enter a container and run a command there. */
export function enterCommand(
  set: NamespaceSet,
  host: string | undefined,
  argv: readonly string[],
): readonly string[] {
  const pid = containerPid(set, host);
  if (pid === undefined) {
    throw new CrmError(host === undefined ? "the lab is not up" : `${host} does not run`);
  }
  const user = set.unprivileged ? ["--user", "--preserve-credentials"] : [];
  const spaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
  return ["nsenter", "--target", String(pid), ...user, ...spaces, "--", ...argv];
}

function failure(step: NamespaceStep, exit: number, output: string): CrmError {
  const text = output.trim();
  return new CrmError(`could not ${step.title} (exit ${exit})${text === "" ? "" : `:\n${text}`}`);
}

function runScript(set: NamespaceSet, step: NamespaceStep): void {
  let script = step.script ?? "";
  const place = step.place;
  let argv: readonly string[] = ["sh", "-eu", "-c", script];
  if (place.at !== "machine") {
    if (place.at === "lab" && place.peer !== undefined) {
      const peer = containerPid(set, place.peer);
      const inside = peer === undefined ? undefined : pidsInside(peer).at(-2);
      script = `HOST_PID=${inside ?? 0}\n${script}`;
    }
    argv = enterCommand(set, place.at === "host" ? place.host : undefined, [
      "sh",
      "-eu",
      "-c",
      script,
    ]);
  }
  const done = Bun.spawnSync([...argv], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if (done.exitCode !== 0) throw failure(step, done.exitCode, done.stderr.toString());
}

/** Starts a container and waits until its boot script says that it is up. */
async function boot(set: NamespaceSet, step: NamespaceStep): Promise<void> {
  const host = step.place.at === "host" ? step.place.host : undefined;
  const spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"];
  const init = ["sh", "-eu", "-c", step.script ?? "", MARK, set.id];
  if (host !== undefined) init.push(host);
  const user = set.unprivileged && host === undefined ? ["--user", "--map-root-user"] : [];
  const unshare = ["setsid", "unshare", ...user, ...spaces, "--mount-proc", ...init];
  // Inside the lab the shell goes at once, so that the host is a child of the lab's pid 1.
  const argv =
    host === undefined
      ? unshare
      : enterCommand(set, undefined, [
          "sh",
          "-c",
          '"$@" < /dev/null > /dev/null &',
          "sh",
          ...unshare,
        ]);
  const child = Bun.spawn([...argv], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  child.unref();
  const giveUp = performance.now() + limits.labBootMs;
  while (performance.now() < giveUp) {
    const lab = containerPid(set);
    const pid = host === undefined ? lab : containerPid(set, host);
    if (pid !== undefined && lab !== undefined) {
      if (await Bun.file(`/proc/${lab}/root${set.readyFile(host)}`).exists()) return;
    } else if (child.exitCode !== null && child.exitCode !== 0) {
      break;
    }
    await Bun.sleep(5);
  }
  const dead = containerPid(set, host) === undefined;
  const said = dead ? await new Response(child.stderr).text() : "it did not come up in time";
  throw failure(step, child.exitCode ?? -1, said);
}

async function kill(set: NamespaceSet, step: NamespaceStep): Promise<void> {
  const host = step.place.at === "host" ? step.place.host : undefined;
  const pid = containerPid(set, host);
  if (pid === undefined) return;
  process.kill(pid, "SIGKILL");
  const giveUp = performance.now() + limits.labBootMs;
  while (containerPid(set, host) !== undefined) {
    if (performance.now() > giveUp) throw failure(step, -1, `process ${pid} does not end`);
    await Bun.sleep(5);
  }
}

/** Carries out a list of steps in order; the first that fails ends it with a CrmError that says which. */
export async function carryOut(
  set: NamespaceSet,
  steps: readonly NamespaceStep[],
  onStep?: (step: NamespaceStep) => void,
): Promise<void> {
  for (const step of steps) {
    onStep?.(step);
    if (step.kind === "boot") await boot(set, step);
    else if (step.kind === "kill") await kill(set, step);
    else runScript(set, step);
  }
}

/** Runs a command in a container with this process's own terminal; its exit code. Signals end it, not us. */
export async function runInside(
  set: NamespaceSet,
  host: string | undefined,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const words = enterCommand(set, host, [
    "sh",
    "-c",
    'cd 2> /dev/null || cd /; exec "$@"',
    "sh",
    ...argv,
  ]);
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  process.on("SIGQUIT", ignore);
  const child = Bun.spawn([...words], {
    env: { ...env },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  const exit = await child.exited;
  process.off("SIGINT", ignore);
  process.off("SIGQUIT", ignore);
  return exit;
}
