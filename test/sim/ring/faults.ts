/** Faults by name. Each changes the world once; healing is a fault too, so that histories breathe. */
import type { World } from "./world.ts";

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
          if (side.has(a) !== side.has(b)) world.cut.add(`${a.id}>${b.id}`);
        }
      }
    },
  },
  {
    name: "cut between two",
    inject: (world) => {
      const a = world.prng.pick(world.nodes);
      const b = world.prng.pick(world.nodes);
      world.cut.add(`${a.id}>${b.id}`);
      world.cut.add(`${b.id}>${a.id}`);
    },
  },
  {
    name: "one-way link",
    inject: (world) => {
      const a = world.prng.pick(world.nodes);
      const b = world.prng.pick(world.nodes);
      world.cut.add(`${a.id}>${b.id}`);
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

function heal(world: World): void {
  world.cut.clear();
  world.loss = 0;
}

function restart(world: World): void {
  const down = world.nodes.filter((node) => !node.up);
  if (down.length > 0) world.start(world.prng.pick(down));
}
