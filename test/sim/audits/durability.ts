/**
 * HOUSE rules 4 and 5 while faults go on: a membership that acknowledges with quorum has all that ever was so acknowledged,
 * and where the manager works, clients have their answer within a bound, whatever the disks do.
 */
import { findById } from "../../../lib/xml/index.ts";
import type { Workload } from "../workload.ts";
import type { SimNode, World } from "../world.ts";
import { Violation } from "./violation.ts";

/** Longer than the slowest disk's few writes; without quorum every member is waited for. */
const QUORATE_MS = 8000;
const INQUORATE_MS = 20_000;

interface Calm {
  readonly label: string;
  readonly quorate: boolean;
  readonly since: number;
}

export class Durability {
  /** Since when nothing has changed around a node. */
  private readonly calm = new Map<number, Calm>();
  private readonly confirmed = new Map<number, string>();

  check(world: World, sim: SimNode, workload: Workload): void {
    const view = world.view(sim);
    const { membership, durable } = view ?? {};
    if (view === undefined || durable === undefined || membership?.isSynchronised !== true) {
      this.calm.delete(sim.id);
      return;
    }
    const { label } = membership;
    if (durable.isConfirmed && this.confirmed.get(sim.id) !== label) {
      this.confirmed.set(sim.id, label);
      for (const { mark, quorate } of workload.acknowledged) {
        if (quorate && findById(view.doc.root, mark) === undefined) {
          throw new Violation(`${sim.name} has quorum without ${mark}, which was acknowledged`);
        }
      }
    }
    this.checkAnswers(world, sim, workload, label, durable.isCounted);
  }

  private checkAnswers(
    world: World,
    sim: SimNode,
    workload: Workload,
    label: string,
    quorate: boolean,
  ): void {
    let calm = this.calm.get(sim.id);
    const isStill = world.network.isSound && !sim.node.isManagerHeld;
    if (calm?.label !== label || calm.quorate !== quorate || !isStill) {
      calm = { label, quorate, since: world.now };
      this.calm.set(sim.id, calm);
      return;
    }
    const bound = quorate ? QUORATE_MS : INQUORATE_MS;
    if (world.now - calm.since < bound) return;
    for (const { mark, sentAt } of workload.unanswered(sim)) {
      if (world.now - sentAt < bound) continue;
      throw new Violation(`${mark} on ${sim.name} is not answered after ${bound} ms of calm`);
    }
  }
}
