/** Members that have applied equally many messages of a membership hold the same CIB, and agree on the controller. */
import { versionText } from "../../../lib/cib/document.ts";
import { wholeDigest } from "../../../lib/pacemakerd/cib/join.ts";
import type { SimNode, World } from "../world.ts";
import { Violation } from "./violation.ts";

export class SameState {
  private readonly digests = new Map<string, string>();
  private readonly controllers = new Map<string, number>();
  private readonly checked = new Map<number, string>();

  check(world: World, sim: SimNode): void {
    const view = world.view(sim);
    if (view === undefined || !view.membership.isSynchronised) return;
    const { label, controller } = view.membership;
    const place = `${label}#${view.applied}`;
    if (this.checked.get(sim.id) === place) return;
    this.checked.set(sim.id, place);
    const digest = `${versionText(view.doc.version)} ${wholeDigest(view.doc)}`;
    const known = this.digests.get(place);
    if (known === undefined) this.digests.set(place, digest);
    else if (known !== digest) {
      throw new Violation(`${sim.name} has CIB ${digest} at ${place}, another member ${known}`);
    }
    const chosen = this.controllers.get(label);
    if (chosen === undefined) this.controllers.set(label, controller ?? -1);
    else if (chosen !== controller) {
      throw new Violation(
        `${sim.name}: controller ${controller} in ${label}, another says ${chosen}`,
      );
    }
  }
}
