/**
 * Members that go from one membership to the next together have applied the same and hold the same CIB (virtual synchrony),
 * and all agree on the controller. Those that are cut off may have delivered other last messages; a merge decides then.
 */
import { versionText } from "../../../lib/cib/document.ts";
import { wholeDigest } from "../../../lib/pacemakerd/cib/join.ts";
import type { SimNode, World } from "../world.ts";
import { Violation } from "./violation.ts";

interface Seen {
  readonly life: number;
  readonly label: string;
  readonly state: string;
}

export class SameState {
  /** What the first of those who went together had at the end. */
  private readonly ends = new Map<string, string>();
  private readonly controllers = new Map<string, number>();
  private readonly last = new Map<number, Seen>();

  check(world: World, sim: SimNode): void {
    const view = world.view(sim);
    if (view === undefined) return;
    const { label, controller } = view.membership;
    const before = this.last.get(sim.id);
    if (before !== undefined && before.life === sim.managerLife && before.label !== label) {
      this.ended(sim, `${before.label}>${label}`, before.state);
      this.last.delete(sim.id);
    }
    if (!view.membership.isSynchronised) return;
    const state = `${versionText(view.doc.version)} ${wholeDigest(view.doc)}`;
    this.last.set(sim.id, { life: sim.managerLife, label, state });
    const chosen = this.controllers.get(label) ?? controller;
    this.controllers.set(label, chosen ?? -1);
    if (chosen !== controller) {
      throw new Violation(
        `${sim.name}: controller ${controller} in ${label}, another says ${chosen}`,
      );
    }
  }

  private ended(sim: SimNode, way: string, state: string): void {
    const known = this.ends.get(way) ?? state;
    this.ends.set(way, known);
    if (known !== state) {
      throw new Violation(`${sim.name} leaves ${way} with CIB ${state}, another with ${known}`);
    }
  }
}
