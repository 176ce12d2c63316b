/**
 * HOUSE rules 4 and 5 while faults go on: a membership that acknowledges with quorum has all that ever was so acknowledged,
 * and where the manager works, clients have their answer within a bound, whatever the disks do.
 */
import { findById } from "../../../lib/xml/index.ts";
import type { Workload } from "../workload.ts";
import type { SimNode, World } from "../world.ts";
import { Violation } from "./violation.ts";

/** A ring takes milliseconds; a full disk is an answer, too. */
const ANSWER_MS = 5000;

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
    const isStill = world.network.isSound && this.isServed(world, sim, quorate);
    if (calm?.label !== label || calm.quorate !== quorate || !isStill) {
      calm = { label, quorate, since: world.now };
      this.calm.set(sim.id, calm);
      return;
    }
    if (world.now - calm.since < ANSWER_MS) return;
    for (const { mark, sentAt } of workload.unanswered(sim)) {
      if (world.now - sentAt < ANSWER_MS) continue;
      throw new Violation(`${mark} on ${sim.name} is not answered after ${ANSWER_MS} ms of calm`);
    }
  }

  /** The node's manager moves, and those of enough others with disks that take what they get; or all do, with disks full. */
  private isServed(world: World, sim: SimNode, quorate: boolean): boolean {
    const moves = ({ node, disk }: SimNode) => !node.isManagerHeld && disk.slowMs === 0;
    const ids = world.view(sim)?.membership.members ?? [];
    const members = world.nodes.filter((n) => ids.includes(n.id));
    // Somebody is gone: the membership is about to end.
    const isWhole = members.every(
      (n) => n.node.corosync !== undefined && n.node.manager !== undefined,
    );
    if (!isWhole) return false;
    if (members.every(moves)) return true;
    const working = members.filter((n) => moves(n) && n.disk.fullness === 0).length;
    return quorate && moves(sim) && 2 * working > world.nodes.length;
  }
}
