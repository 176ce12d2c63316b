/** One simulated history: faults at will, then healing and the question whether all come together again. */
import type { Millis } from "../../../lib/base/core.ts";
import type { TotemTimers } from "../../../lib/totem/api.ts";
import { totemTimers } from "../../../lib/totem/timers.ts";
import { Audit } from "./audit.ts";
import { Violation } from "./content.ts";
import { BareEngine } from "./engine.ts";
import { faults, furtherFaults } from "./faults.ts";
import { type MakeEngine, ringIdFile, storedSeq, World } from "./world.ts";

export interface RunOptions {
  readonly nodes: number;
  /** Simulated time with faults. */
  readonly chaosMs: Millis;
  /** Default 1500, as over udp; knet takes 65536. */
  readonly netMtu?: number;
  /** Draws from all faults by name; older seeds of the ledger draw from the first list. */
  readonly allFaults?: boolean;
}

export interface RunResult {
  readonly hash: number;
  readonly steps: number;
  readonly deliveries: number;
  readonly configurations: number;
  readonly faults: number;
  /** Simulated time, healing included. */
  readonly simulatedMs: Millis;
  /** How often each fault was injected, by name. */
  readonly byName: Readonly<Record<string, number>>;
}

/** Healed nodes must share one membership and have sent everything within this many token times. */
const healingTokens = 30;

/** Bare rings with these timers on every node. */
export function bareEngines(
  timers: TotemTimers,
  logForm: "legacy" | "nodelist" = "nodelist",
): MakeEngine {
  return (_world, node) =>
    new BareEngine({
      nodeId: node.id,
      timers,
      ringIdPath: ringIdFile(node.id),
      storedRingSeq: storedSeq(node.disk.get(ringIdFile(node.id))),
      logForm,
    });
}

/** Throws Violation (with what was broken) when an invariant fails. */
export function simulate(seed: number, options: RunOptions): RunResult {
  const timers = totemTimers({ legacy: true, token: 300, netMtu: options.netMtu });
  const audit = new Audit();
  const world = new World(seed, options.nodes, audit, bareEngines(timers));
  world.mostSteps = Math.max(1_000_000, options.chaosMs * 200);
  const { prng } = world;
  for (const node of world.nodes) {
    if (prng.chance(0.8)) world.start(node);
  }
  let injected = 0;
  const byName: Record<string, number> = {};
  const choices = options.allFaults === true ? furtherFaults : faults;
  const rate = prng.pick([2, 10, 40]);
  const largest = prng.pick([100, 3000, 20000]);
  while (world.now < options.chaosMs) {
    world.run(world.now + prng.between(1, 60));
    if (prng.chance(0.25)) {
      const fault = prng.pick(choices);
      fault.inject(world);
      byName[fault.name] = (byName[fault.name] ?? 0) + 1;
      injected++;
    }
    burst(world, rate, largest);
  }
  settle(world, audit, timers.tokenMs);
  const { hash, steps } = world;
  const { deliveries, configurations } = audit;
  const simulatedMs = world.now;
  return { hash, steps, deliveries, configurations, faults: injected, simulatedMs, byName };
}

function burst(world: World, rate: number, largest: number): void {
  const { prng } = world;
  for (let count = prng.below(rate); count > 0; count--) {
    world.multicast(prng.pick(world.nodes), prng.below(largest));
  }
}

/** Liveness: everything is healed, all nodes are up; they must agree and lose nothing. */
function settle(world: World, audit: Audit, tokenMs: Millis): void {
  world.loss = 0;
  world.doubling = 0;
  world.delayMs = 1;
  world.datagramsPerMs = Number.POSITIVE_INFINITY;
  world.ambush = undefined;
  world.links.heal();
  for (const node of world.nodes) node.slowMs = 0;
  for (const node of world.nodes) {
    if (!node.up) world.start(node);
  }
  const deadline = world.now + healingTokens * tokenMs;
  while (world.now < deadline) {
    world.run(world.now + tokenMs);
    if (isSettled(world, audit)) return;
  }
  const views = world.nodes.map(({ id, engine, sent }) => {
    const ring = engine?.ring;
    const own = `own ${audit.ownDelivered.get(id)}/${sent}`;
    return `${id}: ${ring?.state} [${ring?.members.join()}] sync ${engine?.synchronising} ${own}`;
  });
  throw new Violation(`not settled after healing: ${views.join("; ")}`);
}

function isSettled(world: World, audit: Audit): boolean {
  return world.nodes.every(
    ({ id, engine, sent }) =>
      engine?.ring.state === "operational" &&
      engine.ring.members.length === world.nodes.length &&
      !engine.synchronising &&
      audit.ownDelivered.get(id) === sent,
  );
}
