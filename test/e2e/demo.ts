/**
 * `npm run demo`: the walkthrough told step by step on three hosts of this machine: what is typed, what comes back, what to
 * see. It leaves the lab running and says how to go on. Progress goes to stderr, the story to stdout.
 */
import { existsSync } from "node:fs";
import { progress } from "../../lib/runtime/progress.ts";
import { ensurePackages } from "../packages.ts";
import { BINARY, Lab } from "./hosts.ts";
import { type Block, playBlock, type Teller } from "./story.ts";
import { walkthrough } from "./walkthrough.ts";

const NAME = "demo";
const say = progress();
const colour = process.stdout.isTTY === true;
const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = (text: string) => paint(1, text);
const dim = (text: string) => paint(2, text);
const green = (text: string) => paint(32, text);

function indented(text: string): string {
  const lines = text.replace(/\n+$/, "").split("\n");
  return lines.map((line) => `    ${line}\n`).join("");
}

/** Prints like a page that is typed while one watches. */
const aloud: Teller = {
  block(block: Block) {
    const at = walkthrough.indexOf(block) + 1;
    const line = "─".repeat(78);
    process.stdout.write(`\n${dim(line)}\n${bold(`${at}. ${block.title}`)}\n`);
    process.stdout.write(`${green(`   see: ${block.see}`)}\n\n`);
  },
  typed(prompt, line, output) {
    process.stdout.write(`${dim(prompt)}${bold(line)}\n`);
    if (output.trim() !== "") process.stdout.write(indented(output));
  },
  act(what) {
    process.stdout.write(dim(`# ${what}\n`));
  },
};

function openLab(): Lab {
  const standing = Bun.spawnSync([BINARY, "lab", "status", "--name", NAME]);
  if (standing.exitCode === 0) {
    say.info("a lab of an earlier demo stands; it is taken down first");
    Bun.spawnSync([BINARY, "lab", "down", "--name", NAME]);
  }
  say.start("three hosts: server6, server7, server8 (172.25.12.6 to .8)");
  const lab = Lab.open(NAME, "--bare");
  say.success("the hosts are up");
  return lab;
}

const quorate = "dist/quorate lab --name demo";

function howToGoOn(): void {
  const line = "─".repeat(78);
  process.stdout.write(`\n${dim(line)}\n${bold("The lab is still running. Go on by yourself:")}
    ${quorate} shell server6            a shell on a host
    ${quorate} exec server6 crm status  one command
    ${quorate} kill server7             a power cut; \`start server7\` brings it back
    ${quorate} partition server6,server7/server8   and: heal
    ${quorate} exec outside curl -s http://172.25.12.200/
${bold("and take it away again, without a trace:")}
    ${quorate} down
`);
}

async function main(): Promise<number> {
  if (!existsSync(BINARY)) {
    say.error(`${BINARY} is missing; \`npm run build\` makes it`);
    return 1;
  }
  for (const note of ensurePackages({ originals: false })) say.warn(note);
  const started = performance.now();
  let lab: Lab;
  try {
    lab = openLab();
  } catch (error) {
    say.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const world = { lab, facts: {} };
  for (const [at, block] of walkthrough.entries()) {
    say.start(`${at + 1} of ${walkthrough.length}: ${block.title}`);
    try {
      await playBlock(block, world, aloud);
    } catch (error) {
      say.error(`"${block.title}" went wrong:`);
      say.log(error instanceof Error ? error.message : String(error));
      say.info(`the lab stays for a look: ${quorate} shell server6; then ${quorate} down`);
      return 1;
    }
  }
  say.success(`the walkthrough took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  howToGoOn();
  return 0;
}

process.exit(await main());
