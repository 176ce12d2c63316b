/**
 * Joins and merges as data: what a member says it has, and what the adopted CIB becomes when a round is over
 * (HOUSE rules 2 and 3). Every member computes the same from the same statements.
 */
import { md5Hex } from "../../base/md5.ts";
import type { CibDoc } from "../../cib/document.ts";
import { section } from "../../cib/document.ts";
import { attr, child, idOf, type XmlElement } from "../../xml/node.ts";
import { writeXml } from "../../xml/write.ts";
import type { Membership } from "../membership.ts";
import { applyLoss } from "./deliver.ts";
import { type NodeName, withAttrs, withNamedChild, withNodeState } from "./status.ts";

const digests = new WeakMap<XmlElement, string>();

/** MD5 of the whole document, status included; remembered per version. */
export function wholeDigest(doc: CibDoc): string {
  const known = digests.get(doc.root);
  if (known !== undefined) return known;
  const digest = md5Hex(writeXml(doc.root, { indent: false }));
  digests.set(doc.root, digest);
  return digest;
}

/** Is this more than the CIB that a new node is born with? */
export function hasHistory(doc: CibDoc, quorateSeq: number): boolean {
  return quorateSeq > 0 || doc.version.adminEpoch > 0 || doc.version.epoch > 0;
}

/** What a member knows about its own attributes and tells in its statement; parsed by everyone. */
export interface OwnAttributes {
  readonly nodeId: number;
  readonly fresh: boolean;
  /** Its `transient_attributes` element; undefined = it has none. */
  readonly element: XmlElement | undefined;
}

/**
 * The CIB after a round: members that came fresh or from elsewhere are pending until they publish, everyone's own
 * attributes are what he says, everyone who is not here is lost.
 * @param nameOf how the CIB names a ring node, if it is known.
 */
export function adoptedCib(
  doc: CibDoc,
  membership: Membership,
  own: readonly OwnAttributes[],
  nameOf: (nodeId: number) => NodeName | undefined,
): CibDoc {
  let result = doc;
  const present = new Set<string>();
  for (const { nodeId, fresh, element } of own) {
    const node = nameOf(nodeId);
    if (node === undefined) continue;
    present.add(node.id);
    result = withNodeState(result, node, (state) => {
      const joining = fresh || attr(state, "join") !== "member" || attr(state, "crmd") !== "online";
      const marked = withAttrs(state, {
        uname: node.uname,
        in_ccm: "true",
        crmd: "online",
        ...(joining ? { "crm-debug-origin": "peer_update_callback", join: "pending" } : {}),
      });
      // Out of the ring nothing of it goes on; a manager that died within the ring may have left things running.
      const isAnew = fresh && attr(state, "in_ccm") !== "true";
      const bare = isAnew ? withNamedChild(marked, "lrm", undefined) : marked;
      return withNamedChild(bare, "transient_attributes", element);
    });
  }
  const ring = new Set(
    membership.ringMembers.map((id) => nameOf(id)?.id).filter((id) => id !== undefined),
  );
  for (const state of section(result, "status")?.children ?? []) {
    const id = idOf(state);
    if (state.name !== "node_state" || present.has(id) || attr(state, "remote_node") === "true") {
      continue;
    }
    result = applyLoss(result, { id, uname: attr(state, "uname") ?? id }, ring.has(id));
  }
  return result;
}

/** The `transient_attributes` of a node in a document. */
export function transientElement(doc: CibDoc, node: NodeName): XmlElement | undefined {
  const state = section(doc, "status")?.children.find(
    (c) => c.name === "node_state" && idOf(c) === node.id,
  );
  return state === undefined ? undefined : child(state, "transient_attributes");
}
