/** One simulated history: faults at will, then healing and the question whether all come together again. */
import type { Millis } from "../../../lib/base/core.ts";
import type { TotemTimers } from "../../../lib/totem/api.ts";
import { totemTimers } from "../../../lib/totem/timers.ts";
import { Audit } from "./audit.ts";
import { Violation } from "./content.ts";
import { DaemonEngine, daemonConfig, daemonOf, type VoteRule } from "./daemon.ts";
import { BareEngine } from "./engine.ts";
import { daemonFaults, type Fault, faults, furtherFaults } from "./faults.ts";
import { GroupAudit } from "./groups.ts";
import { KnetEngine, type KnetOptions } from "./knet.ts";
import { type MakeEngine, ringIdFile, storedSeq, World } from "./world.ts";

export interface RunOptions {
  readonly nodes: number;
  /** Simulated time with faults. */
  readonly chaosMs: Millis;
  /** Default 1500, as over udp; knet takes 65536. */
  readonly netMtu?: number;
  /** Draws from all faults by name; older seeds of the ledger draw from the first list. */
  readonly allFaults?: boolean;
  /** Messages that all nodes together send at once, and bytes of the largest; else drawn. */
  readonly load?: { readonly rate: number; readonly largest: number };
  /** Whole daemons with this rule of votes and with clients; else bare rings. */
  readonly daemons?: VoteRule;
  /** Over knet, with so many links; else each datagram goes as it is. */
  readonly knet?: KnetOptions;
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

/**
 * Healed nodes must share one membership and have sent everything within so many token times. A pause that still lasts
 * takes 2.4 of them, a lost token 1, knet's links 1, the last sync 1. Then parts gather: a round takes at most a consensus
 * (1.2) and a lost commit token (1) and joins two parts at the least: six nodes need three whole rounds at the most;
 * one more is for parts whose timers ran out of step. Seen: 8 at most in 2,500 seeds as drawn, 12 in 700 of 16 nodes.
 */
function healingTokens(nodes: number): number {
  return Math.floor(5.4 + 2.2 * (1 + Math.ceil(Math.log2(nodes))));
}
const tokenMs = 300;
/** In the legacy form all have met and stored how many they are before anything happens. */
const meetingMs = 4000;

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

/** What runs on the nodes of a history. */
function enginesOf(options: RunOptions, timers: TotemTimers, audit: Audit): MakeEngine {
  const { daemons: rule, knet, nodes } = options;
  let make = bareEngines(timers);
  if (rule !== undefined && audit instanceof GroupAudit) {
    const config = daemonConfig(nodes, rule, tokenMs, knet !== undefined);
    make = (world, node) => new DaemonEngine(config, world, node, audit);
  }
  if (knet === undefined) return make;
  return (world, node) => new KnetEngine(make(world, node), node.id, nodes, knet, tokenMs);
}

/** Throws Violation (with what was broken) when an invariant fails. */
export function simulate(seed: number, options: RunOptions): RunResult {
  const timers = totemTimers({ legacy: true, token: tokenMs, netMtu: options.netMtu });
  const { daemons: rule, nodes } = options;
  const audit = rule === undefined ? new Audit() : new GroupAudit(rule, nodes);
  const world = new World(seed, nodes, audit, enginesOf(options, timers, audit));
  world.mostSteps = Math.max(1_000_000, options.chaosMs * 200);
  const { prng } = world;
  // Expected votes of the legacy form begin with those who have met.
  const allMeet = rule === "legacy";
  for (const node of world.nodes) {
    if (prng.chance(0.8) || allMeet) world.start(node);
  }
  if (allMeet) world.run(meetingMs);
  let injected = 0;
  const byName: Record<string, number> = {};
  const choices = choicesOf(options);
  const { rate, largest } = options.load ?? {
    rate: prng.pick([2, 10, 40]),
    largest: prng.pick([100, 3000, 20000]),
  };
  const end = world.now + options.chaosMs;
  while (world.now < end) {
    world.run(world.now + prng.between(1, 60));
    if (prng.chance(0.25)) {
      const fault = prng.pick(choices);
      fault.inject(world);
      byName[fault.name] = (byName[fault.name] ?? 0) + 1;
      injected++;
    }
    world.tend();
    burst(world, rate, largest);
  }
  settle(world, audit, tokenMs);
  const { hash, steps } = world;
  const { deliveries, configurations } = audit;
  const simulatedMs = world.now;
  return { hash, steps, deliveries, configurations, faults: injected, simulatedMs, byName };
}

function choicesOf(options: RunOptions): readonly Fault[] {
  if (options.daemons !== undefined) return daemonFaults;
  return options.allFaults === true ? furtherFaults : faults;
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
  world.reordering = 0;
  world.delayMs = 1;
  world.datagramsPerMs = Number.POSITIVE_INFINITY;
  world.ambush = undefined;
  world.links.heal();
  for (const node of world.nodes) {
    node.slowMs = 0;
    node.crashAfterWrites = undefined;
  }
  for (const node of world.nodes) {
    if (!node.up) world.start(node);
  }
  const deadline = world.now + healingTokens(world.nodes.length) * tokenMs;
  while (world.now < deadline) {
    world.run(world.now + tokenMs);
    world.tend();
    if (isSettled(world, audit)) return;
  }
  const views = world.nodes.map(({ id, engine, sent }) => {
    const ring = engine?.ring;
    const own = `own ${audit.ownDelivered.get(id)}/${sent}`;
    return `${id}: ${ring?.state} [${ring?.members.join()}] sync ${engine?.synchronising} ${own}`;
  });
  const processes = world.nodes.map((node) => daemonOf(node)?.known.join() ?? "");
  throw new Violation(`not settled after healing: ${views.join("; ")} ${processes.join("; ")}`);
}

function isSettled(world: World, audit: Audit): boolean {
  const isRinging = world.nodes.every(
    ({ id, engine, sent }) =>
      engine?.ring.state === "operational" &&
      engine.ring.members.length === world.nodes.length &&
      !engine.synchronising &&
      audit.ownDelivered.get(id) === sent,
  );
  return isRinging && areGroupsSettled(world);
}

/** Every daemon is quorate, its clients are in, and it knows all processes that live and no other. */
function areGroupsSettled(world: World): boolean {
  const daemons = world.nodes.flatMap((node) => daemonOf(node) ?? []);
  const alive = daemons
    .flatMap((daemon) => daemon.members)
    .sort()
    .join();
  return daemons.every(
    (daemon) => daemon.isQuorate && daemon.isIdle && daemon.known.toSorted().join() === alive,
  );
}
