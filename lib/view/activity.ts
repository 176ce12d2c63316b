/** What of a resource runs: the questions every list of resources asks (spec/outputs-and-tools A4.2, A4.4). */
import type {
  ClusterView,
  FailureView,
  GroupView,
  PrimitiveView,
  ResourceView,
} from "./cluster.ts";

/** The primitives of one instance of a clone. */
export function leaves(instance: PrimitiveView | GroupView): readonly PrimitiveView[] {
  return instance.kind === "primitive" ? [instance] : instance.members;
}

/** The primitives of any resource. */
export function partsOf(resource: ResourceView): readonly PrimitiveView[] {
  switch (resource.kind) {
    case "primitive":
    case "group":
      return leaves(resource);
    case "clone":
      return resource.instances.flatMap(leaves);
    case "bundle":
      return resource.replicas.flatMap((r) => r.parts);
  }
}

export interface Activity {
  /** Some part runs. */
  readonly some: boolean;
  /** Every part runs. */
  readonly all: boolean;
}

export function activity(resource: ResourceView): Activity {
  const parts = partsOf(resource);
  return { some: parts.some((p) => p.active), all: parts.every((p) => p.active) };
}

const INVALID_PARAMETER = 2;
const NOT_INSTALLED = 5;

/** Failures worth a line: a probe that finds an agent not usable here shows at its resource already. */
export function listedFailures(view: ClusterView): readonly FailureView[] {
  return view.failures.filter((f) => {
    const isProbe = f.task === "monitor" && f.intervalMs === 0;
    return !(isProbe && (f.rc === INVALID_PARAMETER || f.rc === NOT_INSTALLED));
  });
}
