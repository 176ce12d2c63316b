/** Once all is healed: one membership, one CIB, nothing acknowledged is lost, each resource runs once, nothing left to do. */

import { wholeDigest } from "../../../lib/pacemakerd/cib/join.ts";
import { schedulingInput } from "../../../lib/pacemakerd/controller/input.ts";
import { schedule } from "../../../lib/scheduler/schedule.ts";
import { findById } from "../../../lib/xml/index.ts";
import type { Acknowledged } from "../workload.ts";
import type { World } from "../world.ts";
import { Violation } from "./violation.ts";

/** Why the world is not at rest yet; undefined when it is. */
export function unrest(world: World): string | undefined {
  const labels = new Set<string>();
  for (const sim of world.nodes) {
    const view = world.view(sim);
    if (view === undefined) return `${sim.name} has no manager`;
    const { membership, controller } = view;
    if (membership.members.length !== world.nodes.length) {
      return `${sim.name} sees members ${membership.members.join(" ")}`;
    }
    if (!membership.isSettled) return `${sim.name}: ${membership.phase}, not settled`;
    if (controller.quorate !== true) return `${sim.name} has no quorum`;
    if (!controller.inFlight.isEmpty) return `${sim.name}: operations in flight`;
    if (membership.isController && !controller.isIdle) return `controller ${sim.name} is busy`;
    labels.add(membership.label);
  }
  return labels.size === 1 ? undefined : "several memberships";
}

export function auditSettled(
  world: World,
  acknowledged: readonly Acknowledged[],
  resources: readonly string[],
): void {
  const digests = new Set<string>();
  for (const sim of world.nodes) {
    const view = world.view(sim);
    if (view === undefined) throw new Violation(`${sim.name} has no manager`);
    digests.add(wholeDigest(view.doc));
  }
  if (digests.size !== 1) throw new Violation("members at rest have different CIBs");
  const { doc } = world.view(world.nodes[0]!)!;
  for (const { mark, quorate } of acknowledged) {
    if (quorate && findById(doc.root, mark) === undefined) {
      throw new Violation(`${mark} was acknowledged with quorum and is lost`);
    }
  }
  const chief = world.nodes.find((n) => world.view(n)?.membership.isController === true);
  const input = schedulingInput(doc, {
    controllerId: world.view(chief!)!.context.self.id,
    quorate: true,
    abandoned: [],
  });
  const { graph } = schedule(input, Math.floor(world.epochMs() / 1000), {});
  const left = graph.synapses.flatMap((s) => s.actions.map((a) => a.operationKey));
  if (left.length > 0) throw new Violation(`at rest, but still to do: ${left.join(" ")}`);
  const placed = world.nodes.every((n) => findById(doc.root, `standby-${n.id}`) === undefined);
  for (const resource of resources) {
    const nodes = world.agents.nodesOf(resource);
    if (nodes.length > 1) throw new Violation(`${resource} runs on nodes ${nodes.join(" ")}`);
    if (nodes.length === 0 && placed && world.agents.failureRate === 0) {
      throw new Violation(`${resource} runs nowhere`);
    }
  }
}
