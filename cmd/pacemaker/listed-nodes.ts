/** The configured nodes by kind, as crmadmin lists them (spec/outputs-and-tools.md D13). */
import type { CibDoc } from "../../lib/cib/document.ts";
import { section } from "../../lib/cib/document.ts";
import { attr, childrenOf, idOf, type XmlElement } from "../../lib/xml/node.ts";

/** In the order of the list. */
export const NODE_KINDS = ["cluster", "guest", "remote"] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export interface ListedNode {
  readonly kind: NodeKind;
  readonly name: string;
  readonly id: string;
}

/** Every primitive below an element, in document order. */
function* primitivesOf(parent: XmlElement): Generator<XmlElement> {
  for (const node of parent.children) {
    if (node.name === "primitive") yield node;
    else yield* primitivesOf(node);
  }
}

/** Name of the guest that a primitive hosts: its meta attribute remote-node. */
function guestOf(primitive: XmlElement): string | undefined {
  for (const set of childrenOf(primitive, "meta_attributes")) {
    for (const pair of childrenOf(set, "nvpair")) {
      if (attr(pair, "name") === "remote-node") return attr(pair, "value");
    }
  }
  return undefined;
}

function isRemote(primitive: XmlElement): boolean {
  return (
    attr(primitive, "class") === "ocf" &&
    attr(primitive, "provider") === "pacemaker" &&
    attr(primitive, "type") === "remote"
  );
}

/** Nodes of the wanted kinds: cluster nodes, then guests, then remote nodes, each in the CIB's order. */
export function listedNodes(cib: CibDoc, kinds: readonly NodeKind[]): readonly ListedNode[] {
  const configured = childrenOf(section(cib, "nodes") ?? cib.root, "node");
  const resources = section(cib, "resources");
  const primitives = resources === undefined ? [] : [...primitivesOf(resources)];
  const found: Readonly<Record<NodeKind, readonly ListedNode[]>> = {
    cluster: configured
      .filter((node) => (attr(node, "type") ?? "member") === "member")
      .map((node) => ({ kind: "cluster", name: attr(node, "uname") ?? "", id: idOf(node) })),
    guest: primitives.flatMap((primitive) => {
      const name = guestOf(primitive);
      return name === undefined ? [] : [{ kind: "guest" as const, name, id: name }];
    }),
    remote: primitives
      .filter(isRemote)
      .map((primitive) => ({ kind: "remote", name: idOf(primitive), id: idOf(primitive) })),
  };
  return NODE_KINDS.filter((kind) => kinds.includes(kind)).flatMap((kind) => found[kind]);
}
