/** What the walkthrough is made of: blocks of steps, and how a step is played, checked and told. */

import { type Lab, until } from "./hosts.ts";
import { compare } from "./match.ts";

/** What the story has found out on its way: who holds the address, who is standby. */
export interface World {
  readonly lab: Lab;
  readonly facts: Record<string, string>;
  /** Turns an expected text of the seed into what this cluster's stack shows; absent: as in the seed. */
  readonly dialect?: (text: string) => string;
}

type Of<T> = T | ((world: World) => T);

/** One line typed to a shell on a host. */
export interface TypeStep {
  readonly kind: "type";
  readonly on: Of<string>;
  readonly command: Of<string>;
  /** Expected text (test/e2e/match.ts); its named holes become facts. */
  readonly show?: Of<string>;
  /** Expected exit code; 0 when absent, "any" when it does not matter. */
  readonly exit?: number | "any";
  /** Repeat until it agrees: the cluster may still be at work. */
  readonly settleMs?: number;
  /** A further check; the text of what is wrong. */
  readonly check?: (output: string, world: World) => string | undefined;
}

/** Lines typed to an interactive crm. */
export interface CrmStep {
  readonly kind: "crm";
  readonly on: Of<string>;
  readonly lines: readonly CrmLine[];
}

export interface CrmLine {
  readonly type: Of<string>;
  /** Level behind `crm(live)` after this line: "", "configure", …; "?" for a question. */
  readonly level: string;
  readonly show?: Of<string>;
  readonly settleMs?: number;
  readonly check?: (output: string, world: World) => string | undefined;
}

/** Something that is not typed: a file edited, a file copied to another host. */
export interface ActStep {
  readonly kind: "act";
  readonly what: string;
  readonly act: (world: World) => Promise<void>;
}

export type Step = TypeStep | CrmStep | ActStep;

export interface Block {
  readonly title: string;
  /** What a person should look at. */
  readonly see: string;
  readonly steps: readonly Step[];
}

/** Who is told what happens; the demo prints, the test keeps silent. */
export interface Teller {
  block(block: Block): void;
  /** A prompt, what is typed behind it, and the answer. */
  typed(prompt: string, line: string, output: string): void;
  act(what: string): void;
}

export const silent: Teller = { block: () => {}, typed: () => {}, act: () => {} };

function value<T extends string>(of: Of<T>, world: World): T {
  return typeof of === "function" ? of(world) : of;
}

/** What is wrong with an output; undefined when nothing. Agreeing outputs leave their facts. */
function verdict(
  step: Pick<CrmLine, "show" | "check">,
  output: string,
  world: World,
): string | undefined {
  if (step.show !== undefined) {
    const expected = value(step.show, world);
    const result = compare(output, world.dialect?.(expected) ?? expected);
    if (result.difference !== undefined) return result.difference;
    Object.assign(world.facts, result.found);
  }
  return step.check?.(output, world);
}

async function playType(step: TypeStep, world: World, teller: Teller): Promise<void> {
  const host = value(step.on, world);
  const command = value(step.command, world);
  let wrong: string | undefined;
  const once = async (): Promise<true | undefined> => {
    const done = await world.lab.sh(host, command);
    const expected = step.exit ?? 0;
    wrong =
      expected !== "any" && done.exit !== expected
        ? `exit ${done.exit}, expected ${expected}\n${done.text}`
        : verdict(step, done.text, world);
    if (wrong !== undefined) return undefined;
    teller.typed(`[root@${host} ~]# `, command, done.text);
    return true;
  };
  const what = `${host}# ${command}`;
  if (step.settleMs !== undefined) {
    await until(what, step.settleMs, once, async () => wrong ?? "");
  } else if ((await once()) === undefined) {
    throw new Error(`${what}\n${wrong}`);
  }
}

/** The prompt of a level: crm 1.2.6's, with the level's name behind it. */
function promptOf(level: string): RegExp {
  if (level === "?") return /[^\n]*\? $/;
  return new RegExp(`crm\\(live\\)${level}# $`);
}

async function playCrm(step: CrmStep, world: World, teller: Teller): Promise<void> {
  const host = value(step.on, world);
  const shell = world.lab.talk(host, "crm");
  await shell.expect(promptOf(""));
  teller.typed(`[root@${host} ~]# `, "crm", "");
  let prompt = shell.prompt;
  for (const line of step.lines) {
    const typed = value(line.type, world);
    let wrong: string | undefined;
    const once = async (): Promise<string | undefined> => {
      const output = await shell.type(typed, promptOf(line.level));
      wrong = verdict(line, output, world);
      return wrong === undefined ? output : undefined;
    };
    const what = `${host}: ${prompt}${typed}`;
    const output =
      line.settleMs === undefined
        ? await once()
        : await until(what, line.settleMs, once, async () => wrong ?? "");
    if (output === undefined) throw new Error(`${what}\n${wrong}`);
    teller.typed(prompt, typed, output);
    prompt = shell.prompt;
  }
  shell.press("quit\r");
  const exit = await shell.ended();
  teller.typed(prompt, "quit", "bye\n");
  if (exit !== 0) throw new Error(`crm ended with ${exit}`);
}

/** Plays one block; throws with all that is needed to see what differed. */
export async function playBlock(block: Block, world: World, teller: Teller): Promise<void> {
  teller.block(block);
  for (const step of block.steps) {
    if (step.kind === "type") await playType(step, world, teller);
    else if (step.kind === "crm") await playCrm(step, world, teller);
    else {
      teller.act(step.what);
      await step.act(world);
    }
  }
}

const LEVELS = new Set(["configure", "resource", "node", "ra", "options"]);
const BACK = new Set(["cd", "up", "end"]);
/** Lines that change nothing, or that batch mode does by itself. */
const IDLE = /^(commit|verify|show|status|help|y)\b/;

/** The crm lines of a block as commands of batch mode: `crm configure primitive …`. */
export function batchCommands(block: Block, world: World): readonly (readonly [string, string])[] {
  const commands: [string, string][] = [];
  for (const step of block.steps) {
    if (step.kind !== "crm") continue;
    const host = value(step.on, world);
    let level = "";
    for (const line of step.lines) {
      const typed = value(line.type, world).trim();
      if (LEVELS.has(typed)) level = typed;
      else if (BACK.has(typed)) level = "";
      else if (!IDLE.test(typed)) commands.push([host, `crm ${level} ${typed}`]);
    }
  }
  return commands;
}
