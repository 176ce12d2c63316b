/** Faults by name, a flat list. Each changes the world once; healing is among them, so that histories breathe. */
import type { Workload } from "./workload.ts";
import type { SimNode, World } from "./world.ts";

export interface Fault {
  readonly name: string;
  inject(world: World, workload: Workload, resources: readonly string[]): void;
}

function anyUp(world: World): SimNode | undefined {
  const up = world.nodes.filter((n) => world.isUp(n));
  return up.length === 0 ? undefined : world.prng.pick(up);
}

function restart(world: World): void {
  const down = world.nodes.filter((n) => !world.isUp(n));
  if (down.length > 0) world.start(world.prng.pick(down));
}

/** Some disks of the cluster have no room for the manager, or hardly any. */
function fill(world: World, howMany: number): void {
  const left = [...world.nodes];
  for (let at = 0; at < howMany && left.length > 0; at++) {
    const [sim] = left.splice(world.prng.between(0, left.length - 1), 1);
    if (sim !== undefined) sim.disk.fullness = world.prng.pick([1, 0.5]);
  }
}

function onNode(act: (world: World, node: SimNode, workload: Workload) => void): Fault["inject"] {
  return (world, workload) => {
    const node = anyUp(world);
    if (node !== undefined) act(world, node, workload);
  };
}

export const faults: readonly Fault[] = [
  {
    name: "loss",
    inject: (world) => {
      world.network.lossRate = world.prng.pick([0, 0.01, 0.05, 0.2]);
    },
  },
  {
    name: "doubling",
    inject: (world) => {
      world.network.doublingRate = world.prng.pick([0, 0.05, 0.3]);
    },
  },
  {
    name: "reordering",
    inject: (world) => {
      world.network.jitterMs = world.prng.pick([0.3, 2, 10]);
    },
  },
  {
    name: "partition",
    inject: (world) => {
      const side = new Set<number>();
      const others = new Set<number>();
      for (const node of world.nodes) (world.prng.chance(0.5) ? side : others).add(node.id);
      world.network.partition(side, others);
    },
  },
  {
    name: "one-way cut",
    inject: (world) => {
      world.network.cutOneWay(world.prng.pick(world.nodes).id, world.prng.pick(world.nodes).id);
    },
  },
  { name: "heal", inject: (world) => world.network.heal() },
  { name: "heal again", inject: (world) => world.network.heal() },
  { name: "crash", inject: onNode((world, node) => world.crash(node)) },
  {
    name: "crash in a write",
    inject: onNode((world, node, workload) => {
      node.crashAfterWrites = world.prng.between(0, 5);
      workload.mark(node);
    }),
  },
  { name: "kill pacemakerd", inject: onNode((world, node) => world.killManager(node)) },
  {
    name: "pacemakerd stays away",
    inject: onNode((world, node) => {
      node.managerBlockedUntil = world.now + world.prng.between(1000, 40_000);
      world.killManager(node);
    }),
  },
  { name: "kill corosync", inject: onNode((world, node) => world.killCorosync(node)) },
  { name: "clean stop", inject: onNode((world, node) => world.terminate(node)) },
  { name: "restart", inject: restart },
  { name: "restart another", inject: restart },
  { name: "restart a third", inject: restart },
  {
    name: "a resource dies",
    inject: (world, _workload, resources) => {
      const resource = world.prng.pick(resources);
      for (const id of world.agents.nodesOf(resource)) world.agents.die(id, resource);
    },
  },
  {
    name: "standby",
    inject: onNode((world, node, workload) =>
      workload.standby(node, world.prng.pick(world.nodes), world.prng.chance(0.5)),
    ),
  },
  {
    name: "a parameter changes",
    inject: (world, workload, resources) => {
      const node = anyUp(world);
      const single = world.prng.pick(resources.filter((r) => r.startsWith("r")));
      if (node !== undefined) workload.parameter(node, single, world.prng.pick(["fake", "state"]));
    },
  },
  {
    name: "a resource is cleaned up",
    inject: (world, workload, resources) => {
      const node = anyUp(world);
      const target = world.prng.pick(world.nodes);
      if (node !== undefined) workload.cleanUp(node, target, world.prng.pick(resources));
    },
  },
  {
    name: "a node's status is wiped",
    inject: onNode((world, node, workload) =>
      workload.wipeStatus(node, world.prng.pick(world.nodes)),
    ),
  },
  {
    name: "the status section is emptied",
    inject: onNode((_world, node, workload) => workload.emptyStatus(node)),
  },
  {
    name: "a machine is busy",
    inject: onNode((world, node) => {
      const loadAverage = world.prng.pick([0, 2, 3, 8]);
      world.toManager(node, { kind: "wall-clock", epochMs: world.epochMs(), loadAverage });
    }),
  },
  { name: "disk full", inject: (world) => fill(world, 1) },
  { name: "two disks full", inject: (world) => fill(world, 2) },
  {
    name: "room on the disks again",
    inject: (world) => {
      for (const sim of world.nodes) sim.disk.fullness = 0;
    },
  },
  {
    name: "slow disk",
    inject: (world) => {
      world.prng.pick(world.nodes).disk.slowMs = world.prng.pick([0, 50, 500, 3000]);
    },
  },
  {
    name: "pacemakerd stands still",
    inject: onNode((world, node) => world.stall(node, world.prng.between(10, 5000))),
  },
  {
    name: "everything loses power",
    inject: (world) => {
      if (!world.prng.chance(0.3)) return;
      for (const node of world.nodes) if (world.isUp(node)) world.crash(node);
    },
  },
];
