/**
 * The README's examples, run as a reader would type them, in order: every `$ ` line on this machine, every `[root@HOST ~]# `
 * line on that host; what is printed below a command must be what it prints (dates and machine's times aside).
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Lab, ROOT, whyNot } from "./hosts.ts";
import { compare } from "./match.ts";

const skip = whyNot();
if (skip !== undefined) console.log(`e2e skipped: ${skip}`);

setDefaultTimeout(60_000);

interface Example {
  /** Undefined: on this machine. */
  readonly host: string | undefined;
  readonly command: string;
  readonly expected: string;
}

const PROMPT = /^(?:\$|\[root@(?<host>\w+) ~\]#) (?<command>.*)$/;

/** The commands of all blocks of a page that show a prompt, with what is printed below each. */
function examplesOf(page: string): readonly Example[] {
  const found: { host: string | undefined; command: string; lines: string[] }[] = [];
  for (const block of page.split("```").filter((_, at) => at % 2 === 1)) {
    let shown = false;
    for (const line of block.split("\n")) {
      const prompt = PROMPT.exec(line)?.groups;
      if (prompt !== undefined) {
        shown = true;
        found.push({ host: prompt["host"], command: prompt["command"] ?? "", lines: [] });
      } else if (shown) found.at(-1)?.lines.push(line);
    }
  }
  return found.map(({ host, command, lines }) => ({ host, command, expected: lines.join("\n") }));
}

/** A screen that never ends, or a shell of one's own, is looked at for a moment. */
const ENDLESS = /lab exec \w+ crm_mon\b(?!.*-1)/;
const SHELL = /lab shell \w+$/;

describe.skipIf(skip !== undefined)("the README's examples", () => {
  const name = `readme${process.pid}`;
  const examples = examplesOf(readFileSync(join(ROOT, "README.md"), "utf8"));
  let lab: Lab | undefined;

  afterAll(() => {
    Bun.spawnSync([join(ROOT, "dist/quorate"), "lab", "-q", "--name", name, "down"]);
  });

  /** The page's dates vary; its lab is called "lab", ours is not, so that a reader's own is left alone. */
  const wanted = (text: string) =>
    text
      .replaceAll(/[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, "{date}")
      .replaceAll('"lab"', `"${name}"`);

  async function outside(command: string): Promise<string> {
    const mine = command.replaceAll("quorate lab ", `quorate lab --name ${name} `);
    const line = ENDLESS.test(command) ? `timeout 3 ${mine}\ntest $? = 124` : mine;
    const child = Bun.spawn(["bash", "-c", line], {
      cwd: ROOT,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, exit] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (exit !== 0) throw new Error(`$ ${command}\nexit ${exit}\n${out}${err}`);
    return out; // progress is told on stderr
  }

  test("there are some on both sides of the shell", () => {
    expect(examples.filter((e) => e.host === undefined).length).toBeGreaterThan(8);
    expect(examples.filter((e) => e.host !== undefined).length).toBeGreaterThan(2);
  });

  /** What is different from the page; undefined when nothing is. */
  async function difference({ host, command, expected }: Example): Promise<string | undefined> {
    const printed = host === undefined ? await outside(command) : await lab?.must(host, command);
    return expected.trim() === "" ? undefined : compare(printed ?? "", wanted(expected)).difference;
  }

  test("each prints what the page shows", async () => {
    for (const example of examples.filter((e) => !SHELL.test(e.command))) {
      let different = await difference(example);
      // A status is looked at until the cluster has settled; whatever changes something is typed once.
      for (let look = 0; different !== undefined && look < 100; look++) {
        if (!example.command.endsWith("status")) break;
        await Bun.sleep(200);
        different = await difference(example);
      }
      if (different !== undefined) throw new Error(`${example.command}\n${different}`);
      if (example.command.endsWith("lab up")) lab = Lab.attach(name);
    }
  }, 120_000);
});
