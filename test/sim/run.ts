/**
 * One simulated history: a cluster is set up, faults come at will with audits at every step (safety), then everything is
 * healed and must come to rest within a bound (liveness).
 */
import { Durability } from "./audits/durability.ts";
import { auditStart } from "./audits/one-copy.ts";
import { SameState } from "./audits/same-state.ts";
import { auditSettled, unrest } from "./audits/settled.ts";
import { Violation } from "./audits/violation.ts";
import { faults } from "./faults.ts";
import { plan, Workload } from "./workload.ts";
import { World } from "./world.ts";

export interface RunOptions {
  readonly nodes: number;
  /** Simulated minutes with faults. */
  readonly minutes: number;
  readonly keepLogs?: boolean;
  /** Told of each fault and of the outcome, one line each. */
  readonly tell?: (line: string) => void;
}

export interface RunResult {
  readonly hash: string;
  readonly steps: number;
  readonly acknowledged: number;
  readonly faults: number;
  readonly settledMs: number;
}

/** The healed cluster did not come to rest in time. */
export class NotLive extends Error {
  override readonly name = "NotLive";
}

const SETUP_MS = 5000;
const HEAL_MS = 120_000;
/** Longer than a monitor interval, so that what died unseen is found. */
const REST_MS = 12_000;

/** Runs one seed. Throws Violation or NotLive; anything else is a crash of our own code. */
export function simulate(seed: number, options: RunOptions): RunResult {
  return new Run(seed, options).run();
}

/** A run in steps, so that a failing one can be looked at. */
export class Run {
  readonly world: World;
  readonly workload: Workload;
  private readonly options: RunOptions;
  private readonly sameState = new SameState();
  private readonly durability = new Durability();
  private injected = 0;

  constructor(seed: number, options: RunOptions) {
    this.options = options;
    const form = seed % 3 === 0 ? "nodelist" : "legacy";
    this.world = new World(
      seed,
      { nodes: options.nodes, form, keepLogs: options.keepLogs === true },
      {
        started: (nodeId, resource) => auditStart(this.world, nodeId, resource),
        stopped: () => {},
        clientMessage: (sim, client, message) => this.workload.answer(sim, client, message),
        stepped: (sim) => {
          this.sameState.check(this.world, sim);
          this.durability.check(this.world, sim, this.workload);
        },
      },
    );
    this.workload = new Workload(this.world);
  }

  private tell(line: string): void {
    this.options.tell?.(`${(this.world.now / 1000).toFixed(3).padStart(9)} ${line}`);
  }

  run(): RunResult {
    const { world, workload } = this;
    const { resources, xml } = plan(world);
    for (const sim of world.nodes) world.start(sim);
    world.run(SETUP_MS);
    const first = world.nodes[0]!;
    workload.option(first, "stonith-enabled", "false");
    workload.request(first, "cib_modify", "resources", xml, "");
    world.run(world.now + SETUP_MS);
    this.tell(`set up: ${resources.join(" ")}`);
    if (world.prng.chance(0.25)) world.agents.failureRate = 0.05;
    this.chaos(world.now + options(this.options.minutes), resources);
    const settledMs = this.heal();
    auditSettled(world, workload.acknowledged, resources);
    return {
      hash: world.hash.toString(16).padStart(8, "0"),
      steps: world.steps,
      acknowledged: workload.acknowledged.length,
      faults: this.injected,
      settledMs,
    };
  }

  private chaos(until: number, resources: readonly string[]): void {
    const { world, workload } = this;
    while (world.now < until) {
      // Often in the middle of something: orders and results live for milliseconds.
      const longest = world.prng.chance(0.4) ? 60 : 4000;
      world.run(world.now + world.prng.between(1, longest));
      if (world.prng.chance(0.5)) {
        const fault = world.prng.pick(faults);
        this.tell(`fault: ${fault.name}`);
        fault.inject(world, workload, resources);
        this.injected++;
      }
      const sim = world.prng.pick(world.nodes);
      if (sim.node.manager !== undefined) workload.mark(sim);
    }
  }

  /** Heals everything and waits for rest; the simulated time it took. */
  private heal(): number {
    const { world } = this;
    const begin = world.now;
    this.tell("healed");
    world.network.heal();
    let rest = 0;
    while (world.now - begin < HEAL_MS) {
      for (const sim of world.nodes) {
        sim.crashAfterWrites = undefined;
        sim.disk.heal();
        if (!world.isUp(sim)) world.start(sim);
      }
      world.run(world.now + 250);
      rest = unrest(world) === undefined ? rest + 250 : 0;
      if (rest >= REST_MS) return world.now - begin - REST_MS;
    }
    throw new NotLive(`no rest ${HEAL_MS / 1000} s after healing: ${unrest(world)}`);
  }
}

function options(minutes: number): number {
  return minutes * 60_000;
}

/** Exit code of a failed run: 129 correctness, 128 liveness, 127 crash. */
export function exitOf(error: unknown): number {
  if (error instanceof Violation) return 129;
  return error instanceof NotLive ? 128 : 127;
}
