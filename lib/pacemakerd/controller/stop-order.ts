/**
 * In which order one node stops everything by itself (HOUSE rule 10): members of groups from the last to the first, and
 * what is ordered after something before it. Taken from the configuration alone: there is nobody to ask.
 */
import { type CibDoc, section } from "../../cib/document.ts";
import { attr, childrenOf, idOf, type XmlElement } from "../../xml/node.ts";

function primitivesOf(node: XmlElement): readonly string[] {
  if (node.name === "primitive") return [idOf(node)];
  return node.children.flatMap((c) => [...primitivesOf(c)]);
}

function findResource(resources: XmlElement, id: string): XmlElement | undefined {
  for (const c of resources.children) {
    if (idOf(c) === id && c.name !== "meta_attributes") return c;
    const below = findResource(c, id);
    if (below !== undefined) return below;
  }
  return undefined;
}

function groupsOf(node: XmlElement): readonly XmlElement[] {
  return node.children.flatMap((c) => (c.name === "group" ? [c] : [...groupsOf(c)]));
}

function plain(id: string): string {
  return id.replace(/:\d+$/, "");
}

/** For a resource: those that must be down before it is stopped. Loops are broken by the caller's bookkeeping. */
export function stopDependencies(doc: CibDoc): (resource: string) => readonly string[] {
  const first = new Map<string, Set<string>>();
  const add = (resource: string, before: string) => {
    const set = first.get(resource) ?? new Set<string>();
    if (resource !== before && first.get(before)?.has(resource) !== true) set.add(before);
    first.set(resource, set);
  };
  const resources = section(doc, "resources");
  if (resources === undefined) return () => [];
  for (const group of groupsOf(resources)) {
    const members = childrenOf(group, "primitive").map(idOf);
    for (let at = 1; at < members.length; at++) add(members[at - 1]!, members[at]!);
  }
  const constraints = section(doc, "constraints");
  for (const order of constraints === undefined ? [] : childrenOf(constraints, "rsc_order")) {
    const one = findResource(resources, attr(order, "first") ?? "");
    const other = findResource(resources, attr(order, "then") ?? "");
    if (one === undefined || other === undefined) continue;
    for (const a of primitivesOf(one)) for (const b of primitivesOf(other)) add(a, b);
  }
  return (resource) => [...(first.get(plain(resource)) ?? [])];
}
