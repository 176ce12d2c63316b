/**
 * Never two copies of a primitive: a start must not begin while the resource truly runs on another node of the same ring,
 * whether the manager there lives or not (HOUSE rule 9). Without fencing, parts of a split ring cannot know of each other;
 * nor can a cluster know what runs where no manager has spoken since all others began, once it has waited for it.
 */
import { nodeState } from "../../../lib/pacemakerd/cib/status.ts";
import type { Replica } from "../../../lib/pacemakerd/replica.ts";
import { child } from "../../../lib/xml/node.ts";
import type { SimNode, World } from "../world.ts";
import { Violation } from "./violation.ts";

/** Its manager has been away for long, and nobody who lives has heard of what runs there. */
function isForgotten(world: World, sim: SimNode, view: Replica): boolean {
  if (world.view(sim) !== undefined) return false;
  const state = nodeState(view.doc, view.context.cibName(sim.id, sim.name).id);
  return state === undefined || child(state, "lrm") === undefined;
}

export function auditStart(world: World, nodeId: number, resource: string): void {
  const self = world.nodes.find((n) => n.id === nodeId);
  const view = self === undefined ? undefined : world.view(self);
  if (self === undefined || view === undefined) return;
  for (const other of world.agents.nodesOf(resource)) {
    if (other === nodeId || !view.membership.ringMembers.includes(other)) continue;
    const sim: SimNode | undefined = world.nodes.find((n) => n.id === other);
    if (sim?.node.corosync === undefined) continue;
    if (isForgotten(world, sim, view)) continue;
    const theirs = world.view(sim)?.membership.ringSeq ?? view.membership.ringSeq;
    if (theirs !== view.membership.ringSeq) continue;
    throw new Violation(
      `${resource} starts on ${self.name} while it runs on ${sim.name}, in ring ${view.membership.label}`,
    );
  }
}
