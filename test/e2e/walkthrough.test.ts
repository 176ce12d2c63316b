/** The acceptance test: every block of the walkthrough, in order, on three hosts of a lab; then the same in batch commands. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Lab, until, whyNot } from "./hosts.ts";
import { machine } from "./machine.ts";
import { batchCommands, playBlock, silent, type World } from "./story.ts";
import { walkthrough } from "./walkthrough.ts";

const skip = whyNot();
if (skip !== undefined) console.log(`e2e skipped: ${skip}`);

const BLOCK_MS = 120_000;
setDefaultTimeout(BLOCK_MS);

/** The configuration without what differs between two clusters: the order in which the nodes came. */
function comparable(xml: string): string {
  const nodes = [...xml.matchAll(/<node [^>]*?(?:\/>|>[\s\S]*?<\/node>)/g)].map((m) => m[0]);
  const rest = nodes.reduce((text, node) => text.replace(node, ""), xml);
  return [...nodes.sort(), rest]
    .join("\n")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

describe.skipIf(skip !== undefined)("the walkthrough", () => {
  const before = machine();
  let world: World;
  const labs: string[] = [];
  let typed = "";

  function open(name: string, ...words: readonly string[]): Lab {
    const lab = Lab.open(name, ...words);
    labs.push(lab.id);
    return lab;
  }

  beforeAll(() => {
    world = { lab: open(`e2e${process.pid}`, "--bare"), facts: {} };
  });

  for (const block of walkthrough) {
    test(block.title, () => playBlock(block, world, silent));
  }

  test("the configuration at the end", async () => {
    typed = comparable(await world.lab.must("server6", "cibadmin -Q -o configuration"));
    expect(typed).toContain('id="webip"');
  });

  test(
    "the same in batch commands gives the same CIB",
    async () => {
      world.lab.down();
      const lab = open(`e2eb${process.pid}`);
      const again: World = { lab, facts: world.facts };
      world = again;
      for (const host of lab.hosts) await lab.must(host, "service corosync start");
      await until("three nodes online", 60_000, async () => {
        const seen = await lab.sh("server6", "crm_mon -1");
        return seen.stdout.includes("Online: [ server6 server7 server8 ]") ? true : undefined;
      });
      for (const block of walkthrough) {
        for (const [host, command] of batchCommands(block, again)) {
          if (command.startsWith("crm configure delete")) await stopped(again);
          const done = await lab.sh(host, command);
          expect({ command, exit: done.exit, said: done.exit === 0 ? "" : done.text }).toEqual({
            command,
            exit: 0,
            said: "",
          });
        }
      }
      await lab.must("server8", `crm node online ${again.facts["first"]}`);
      const batch = comparable(await lab.must("server6", "cibadmin -Q -o configuration"));
      expect(batch).toBe(typed);
    },
    2 * BLOCK_MS,
  );

  async function stopped(w: World): Promise<void> {
    await until("vip is stopped", 20_000, async () => {
      const seen = await w.lab.sh("server8", "crm resource status vip");
      return /NOT running|Stopped/.test(seen.text) ? true : undefined;
    });
  }

  afterAll(() => {
    if (process.env["KEEP_LAB"] !== undefined) return;
    world?.lab.down();
    expect(machine(labs)).toEqual(before);
  });
});
