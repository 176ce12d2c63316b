/** Faults by name. Each changes the world once; healing is a fault too, so that histories breathe. */
import { type DaemonEngine, daemonOf } from "./daemon.ts";
import type { EngineEvent } from "./engine.ts";
import { type Node, ringOf, type World } from "./world.ts";

export interface Fault {
  readonly name: string;
  inject(world: World): void;
}

export const faults: readonly Fault[] = [
  {
    name: "loss",
    inject: (world) => {
      world.loss = world.prng.pick([0, 0.01, 0.1, 0.3]);
    },
  },
  {
    name: "duplication",
    inject: (world) => {
      world.doubling = world.prng.pick([0, 0.05, 0.5]);
    },
  },
  {
    name: "delay",
    inject: (world) => {
      world.delayMs = world.prng.pick([0.2, 1, 5, 40]);
    },
  },
  {
    name: "partition",
    inject: (world) => {
      const side = new Set(world.nodes.filter(() => world.prng.chance(0.5)));
      for (const a of world.nodes) {
        for (const b of world.nodes) {
          if (side.has(a) !== side.has(b)) world.links.cut(a.id, b.id);
        }
      }
    },
  },
  {
    name: "cut between two",
    inject: (world) => {
      const a = world.prng.pick(world.nodes);
      const b = world.prng.pick(world.nodes);
      world.links.cutBoth(a.id, b.id);
    },
  },
  {
    name: "one-way link",
    inject: (world) => {
      const a = world.prng.pick(world.nodes);
      const b = world.prng.pick(world.nodes);
      world.links.cut(a.id, b.id);
    },
  },
  { name: "heal", inject: heal },
  { name: "heal again", inject: heal },
  {
    name: "crash",
    inject: (world) => {
      const node = world.prng.pick(world.nodes);
      if (node.up) world.crash(node);
    },
  },
  {
    name: "leave",
    inject: (world) => {
      const node = world.prng.pick(world.nodes);
      if (node.up) world.leave(node);
    },
  },
  { name: "restart", inject: restart },
  { name: "restart another", inject: restart },
  {
    name: "crash and return at once",
    inject: (world) => {
      const node = world.prng.pick(world.nodes);
      if (node.up) world.crash(node);
      world.start(node);
    },
  },
  {
    name: "pause",
    inject: (world) => {
      const node = world.prng.pick(world.nodes);
      if (node.up) world.pause(node, world.prng.between(1, 700));
    },
  },
];

/** What the first list lacks. Kept apart, so that older seeds of the ledger still draw what they drew. */
export const furtherFaults: readonly Fault[] = [
  ...faults,
  {
    name: "slow node",
    inject: (world) => {
      world.prng.pick(world.nodes).slowMs = world.prng.pick([0, 2, 20, 60]);
    },
  },
  {
    name: "rate limit",
    inject: (world) => {
      world.datagramsPerMs = world.prng.pick([2, 5, 20, Number.POSITIVE_INFINITY]);
    },
  },
  {
    name: "clock jump",
    inject: (world) => {
      // Forward only: the ring's clock is monotonic, but it does jump when a machine is suspended.
      world.prng.pick(world.nodes).clockAheadMs += world.prng.pick([1, 250, 5000, 3_600_000]);
    },
  },
  {
    name: "swizzled links",
    inject: (world) => {
      const node = world.prng.pick(world.nodes);
      for (const other of world.nodes) {
        for (const [from, to] of [[node, other] as const, [other, node] as const]) {
          if (world.prng.chance(0.5)) world.links.cut(from.id, to.id);
          else world.links.mend(from.id, to.id);
        }
      }
    },
  },
  {
    name: "reordering",
    inject: (world) => {
      world.reordering = world.prng.pick([0, 0.02, 0.2]);
      world.overtakenMs = world.prng.pick([3, 30, 150]);
    },
  },
  {
    name: "crash in a write",
    inject: (world) => {
      const node = world.prng.pick(world.nodes);
      if (node.up) node.crashAfterWrites = world.prng.between(0, 2);
    },
  },
  {
    name: "one link cut",
    inject: (world) => {
      const a = world.prng.pick(world.nodes);
      const link = world.prng.below(3);
      for (const b of world.nodes) {
        if (world.prng.chance(0.7)) world.links.cut(a.id, b.id, link);
        if (world.prng.chance(0.7)) world.links.cut(b.id, a.id, link);
      }
    },
  },
  {
    name: "crash in recovery",
    inject: (world) => strikeInRecovery(world, (victim) => world.crash(victim)),
  },
  {
    name: "cut in recovery",
    inject: (world) =>
      strikeInRecovery(world, (victim) => {
        for (const { id } of world.nodes) world.links.cutBoth(id, victim.id);
      }),
  },
  {
    name: "burst with loss, then crash",
    inject: (world) => {
      const senders = world.nodes.filter((node) => node.up);
      if (senders.length === 0) return;
      const victim = world.prng.pick(senders);
      world.loss = 0.5;
      for (let count = 0; count < 30; count++) {
        world.multicast(world.prng.pick(senders), 700);
        world.multicast(victim, 700);
      }
      world.run(world.now + world.prng.between(1, 8));
      if (victim.up) world.crash(victim);
      world.loss = 0.1;
    },
  },
];

function clientFault(name: string, what: (daemon: DaemonEngine) => EngineEvent | undefined): Fault {
  return {
    name,
    inject: (world) => {
      const node = world.prng.pick(world.nodes);
      const daemon = daemonOf(node);
      if (!node.up || node.pausedUntil > world.now || daemon?.synchronising !== false) return;
      const event = what(daemon);
      if (event !== undefined) world.deliver(node, event);
    },
  };
}

/** For whole daemons: their clients come, go and die. */
export const daemonFaults: readonly Fault[] = [
  ...furtherFaults,
  clientFault("client comes", (daemon) => daemon.connect()),
  clientFault("client comes again", (daemon) => daemon.connect()),
  clientFault("client dies", (daemon) => daemon.kill()),
  clientFault("client leaves", (daemon) => daemon.withdraw()),
];

/** Waits for a node that recovers; strikes it or another then, at one of its next steps. */
function strikeInRecovery(world: World, strike: (victim: Node) => void): void {
  let steps = world.prng.between(1, 40);
  const victim = world.prng.pick(world.nodes);
  world.ambush = (node) => {
    if (ringOf(node).state !== "recovery" || --steps > 0) return;
    world.ambush = undefined;
    if (victim.up && victim !== node) strike(victim);
  };
}

function heal(world: World): void {
  world.links.heal();
  world.loss = 0;
  world.reordering = 0;
  world.datagramsPerMs = Number.POSITIVE_INFINITY;
}

function restart(world: World): void {
  const down = world.nodes.filter((node) => !node.up);
  if (down.length > 0) world.start(world.prng.pick(down));
}
