/**
 * Rings under faults: seeded histories, audited at every event (audit.ts, groups.ts), settled after healing (run.ts); and
 * faults put into the core on purpose, each of which the audits find (mutants.ts).
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { totemTimers } from "../../../lib/totem/timers.ts";
import { ringLedger } from "../ledger.ts";
import { Audit } from "./audit.ts";
import { daemonFaults } from "./faults.ts";
import { KnetEngine, type KnetOptions } from "./knet.ts";
import { drawn } from "./main.ts";
import { mutants } from "./mutants.ts";
import { bareEngines, type RunOptions, type RunResult, simulate } from "./run.ts";
import { World } from "./world.ts";

const plainSeeds = 200;
const drawnSeeds = 300;
const groupSeeds = 20;

/** Runs one history; a violation names the seed and the options that replay it. */
function replay(seed: number, options: RunOptions): RunResult {
  try {
    return simulate(seed, options);
  } catch (error) {
    throw new Error(`{ seed: ${seed}, options: ${JSON.stringify(options)} }: ${String(error)}`);
  }
}

/** Tests of so many seeds each. */
function inGroups(seeds: number, run: (seed: number) => void): void {
  for (let first = 1; first <= seeds; first += groupSeeds) {
    const last = Math.min(seeds, first + groupSeeds - 1);
    test(`seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) run(seed);
    }, 120_000);
  }
}

describe("bare rings", () => {
  inGroups(plainSeeds, (seed) => {
    const netMtu = seed % 4 === 0 ? 65_536 : 1500;
    const result = replay(seed, { nodes: 2 + (seed % 6), chaosMs: 2000, netMtu });
    expect(result.configurations).toBeGreaterThan(0);
  });
});

describe("rings and whole daemons under all faults by name", () => {
  const injected = new Set<string>();

  inGroups(drawnSeeds, (seed) => {
    const result = replay(seed, drawn(seed));
    expect(result.configurations).toBeGreaterThan(0);
    for (const name of Object.keys(result.byName)) injected.add(name);
  });

  test("every fault has been injected", () => {
    expect([...injected].sort()).toEqual([...new Set(daemonFaults.map(({ name }) => name))].sort());
  });
});

describe("the same seed gives the same history", () => {
  const knet = { links: 2, mode: "active" } as const;
  const kinds: readonly RunOptions[] = [
    { nodes: 4, chaosMs: 3000 },
    { nodes: 4, chaosMs: 2000, netMtu: 65_536, daemons: "majority", knet },
  ];
  for (const options of kinds) {
    test(options.daemons === undefined ? "bare rings" : "daemons over knet", () => {
      for (const seed of [7, 8]) expect(replay(seed, options)).toEqual(replay(seed, options));
      expect(replay(7, options).hash).not.toBe(replay(8, options).hash);
    }, 120_000);
  }
});

describe("several links", () => {
  for (const mode of ["passive", "active", "rr"] as const) {
    test(`${mode}: one after the other dies, the ring stays whole`, () => {
      expect(linkDeaths({ links: 2, mode })).toEqual({ members: ["1,2,3"], lost: 0, rings: 0 });
    });
  }
});

/** Three nodes whose links are cut in turn while they send. */
function linkDeaths(options: KnetOptions) {
  const timers = totemTimers({ legacy: true, token: 300, netMtu: 65_536 });
  const audit = new Audit();
  const bare = bareEngines(timers);
  const world = new World(1, 3, audit, (w, node) => {
    return new KnetEngine(bare(w, node), node.id, 3, options, timers.tokenMs);
  });
  for (const node of world.nodes) world.start(node);
  world.run(3000);
  const before = audit.configurations;
  for (const link of [0, 1, 0]) {
    for (const a of world.nodes) for (const b of world.nodes) world.links.cut(a.id, b.id, link);
    for (let count = 0; count < 60; count++) {
      for (const node of world.nodes) world.multicast(node, 500);
      world.run(world.now + 20);
    }
    world.links.heal();
    world.run(world.now + 1000);
  }
  const members = world.nodes.map(({ engine }) => engine?.ring.members.join() ?? "");
  const lost = world.nodes.map(({ id, sent }) => sent - (audit.ownDelivered.get(id) ?? 0));
  return {
    members: [...new Set(members)],
    lost: lost.reduce((sum, count) => sum + count, 0),
    rings: audit.configurations - before,
  };
}

describe("a fault of the core is found by some seed", () => {
  for (const { name, says } of mutants) {
    test(name, async () => {
      const argv = [process.execPath, join(import.meta.dir, "mutants.ts"), name];
      const child = Bun.spawn(argv, { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
      expect(await new Response(child.stdout).text()).toMatch(says);
      expect(await child.exited).toBe(0);
    }, 120_000);
  }
});

describe("ledger", () => {
  for (const { seed, options, was } of ringLedger) {
    test(`seed ${seed}: ${was}`, () => {
      expect(replay(seed, options).steps).toBeGreaterThan(0);
    }, 120_000);
  }
});
