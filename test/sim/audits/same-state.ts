/**
 * Members that go from one membership to the next together have applied the same and hold the same CIB (virtual synchrony),
 * and all agree on the controller. Those that are cut off may have delivered other last messages; a merge decides then.
 */
import { versionText } from "../../../lib/cib/document.ts";
import { wholeDigest } from "../../../lib/pacemakerd/cib/join.ts";
import type { Replica } from "../../../lib/pacemakerd/replica.ts";
import type { SimNode, World } from "../world.ts";
import { Violation } from "./violation.ts";

export class SameState {
  /** What the first of those who went together had at the end. */
  private readonly ends = new Map<string, string>();
  private readonly controllers = new Map<string, number>();
  private readonly checked = new Map<number, unknown>();

  check(world: World, sim: SimNode): void {
    const view = world.view(sim);
    if (view === undefined) return;
    this.checkPassage(sim, view);
    const { label, controller, isSynchronised } = view.membership;
    if (!isSynchronised) return;
    const chosen = this.controllers.get(label) ?? controller;
    this.controllers.set(label, chosen ?? -1);
    if (chosen !== controller) {
      throw new Violation(
        `${sim.name}: controller ${controller} in ${label}, another says ${chosen}`,
      );
    }
  }

  private checkPassage(sim: SimNode, { passage }: Replica): void {
    if (passage === undefined || this.checked.get(sim.id) === passage) return;
    this.checked.set(sim.id, passage);
    const way = `${passage.from}>${passage.to}`;
    const state = `${versionText(passage.doc.version)} ${wholeDigest(passage.doc)}`;
    const known = this.ends.get(way) ?? state;
    this.ends.set(way, known);
    if (known !== state) {
      throw new Violation(`${sim.name} goes ${way} with CIB ${state}, another with ${known}`);
    }
  }
}
