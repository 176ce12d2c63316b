/**
 * crm_mon's --node and --resource: a cluster view cut down to some nodes or some resources (spec/outputs-and-tools B2.5).
 * A name is that of a node or resource, of all instances of a clone, or of a tag.
 */
import type { ClusterStatus } from "../status/state.ts";
import { activity, partsOf } from "./activity.ts";
import type {
  BundleView,
  CloneView,
  ClusterView,
  GroupView,
  NodeView,
  PrimitiveView,
  ResourceView,
} from "./cluster.ts";

/** Node names of --node: one, those of a tag, or none. */
export function nodesNamed(status: ClusterStatus, name: string): ReadonlySet<string> {
  const ids = new Set(status.cib.tags.get(name) ?? [name]);
  return new Set(status.nodes.filter((n) => ids.has(n.name) || ids.has(n.id)).map((n) => n.name));
}

/** Resource names of --resource: itself, or what a tag names. */
export function resourcesNamed(status: ClusterStatus, name: string): ReadonlySet<string> {
  return new Set(status.cib.tags.get(name) ?? [name]);
}

function present<T>(items: readonly (T | undefined)[]): readonly T[] {
  return items.filter((item) => item !== undefined);
}

/** Only these nodes: what runs elsewhere is left out, what runs nowhere stays. */
export function onlyNodes(view: ClusterView, names: ReadonlySet<string>): ClusterView {
  const isHere = (p: PrimitiveView) => p.nodes.some((n) => names.has(n.name));
  const keeps = (p: PrimitiveView) => p.nodes.length === 0 || isHere(p);
  const instance = <T extends PrimitiveView | GroupView>(i: T): T | undefined => {
    if (i.kind === "primitive") return keeps(i) ? i : undefined;
    const members = i.members.filter(keeps);
    return members.length === 0 ? undefined : { ...i, members };
  };
  const resource = (r: ResourceView): ResourceView | undefined => {
    const guests = r.kind === "bundle" ? r.replicas.map((x) => x.place?.name ?? "") : [];
    const here = partsOf(r).some(isHere) || guests.some((name) => names.has(name));
    if (activity(r).some && !here) return undefined;
    switch (r.kind) {
      case "primitive":
      case "group":
        return instance(r);
      case "clone": {
        const allowed = r.allowed.filter((name) => names.has(name));
        return { ...r, instances: present(r.instances.map(instance)), allowed };
      }
      case "bundle": {
        const replicas = r.replicas.filter((x) => x.place === undefined || names.has(x.place.name));
        return { ...r, replicas };
      }
    }
  };
  return {
    ...view,
    nodes: view.nodes.filter((n) => names.has(n.name)),
    resources: present(view.resources.map(resource)),
    attributes: view.attributes.filter((a) => names.has(a.node)),
    history: view.history.filter((h) => names.has(h.node)),
    failures: view.failures.filter((f) => names.has(f.node)),
  };
}

/** Only these resources, with what holds them. */
export function onlyResources(view: ClusterView, names: ReadonlySet<string>): ClusterView {
  const isNamed = (r: { readonly id: string; readonly name: string }) =>
    names.has(r.id) || names.has(r.name);
  const instance = <T extends PrimitiveView | GroupView>(i: T): T | undefined => {
    if (isNamed(i)) return i;
    if (i.kind === "primitive") return undefined;
    const members = i.members.filter(isNamed);
    return members.length === 0 ? undefined : { ...i, members };
  };
  const clone = (r: CloneView): CloneView | undefined => {
    if (names.has(r.id)) return r;
    const instances = present(r.instances.map(instance));
    return instances.length === 0 ? undefined : { ...r, instances };
  };
  const bundle = (r: BundleView): BundleView | undefined => {
    if (names.has(r.id)) return r;
    const replicas = r.replicas
      .map((x) => ({ ...x, parts: x.parts.filter(isNamed) }))
      .filter((x) => x.parts.length > 0);
    return replicas.length === 0 ? undefined : { ...r, replicas, partial: true };
  };
  const resource = (r: ResourceView): ResourceView | undefined => {
    if (r.kind === "clone") return clone(r);
    return r.kind === "bundle" ? bundle(r) : instance(r);
  };
  const resources = present(view.resources.map(resource));
  const kept = new Set(resources.map((r) => r.id));
  // The history of a bundle is told as a whole.
  const told = [
    ...resources,
    ...view.resources.filter((r) => r.kind === "bundle" && kept.has(r.id)),
  ];
  const shown = new Set(told.flatMap(partsOf).map((p) => p.name));
  const node = (n: NodeView) => ({ ...n, running: n.running.filter((p) => shown.has(p.name)) });
  const history = view.history.map((h) => ({
    ...h,
    resources: h.resources.filter((r) => shown.has(r.resource)),
  }));
  return {
    ...view,
    nodes: view.nodes.map(node),
    resources,
    history,
    failures: view.failures.filter((f) => names.has(f.resource)),
    bans: view.bans.filter((b) => names.has(b.resource)),
  };
}
