/** The replicated CIB of this moment and the names of its nodes; whoever wants to hear of changes registers here. */
import { type CibDoc, section } from "../cib/document.ts";
import { attr, idOf } from "../xml/node.ts";
import type { NodeName } from "./cib/status.ts";
import type { Context } from "./context.ts";
import type { Membership } from "./membership.ts";

export class ReplicatedState {
  /** Called after each change. */
  onChange: ((op: string, before: CibDoc, after: CibDoc) => void) | undefined;
  private readonly context: Context;
  private readonly membership: Membership;
  private current: CibDoc;

  constructor(context: Context, membership: Membership, doc: CibDoc) {
    this.context = context;
    this.membership = membership;
    this.current = doc;
  }

  get doc(): CibDoc {
    return this.current;
  }

  /** Takes a new version; false when it is the one we have. `op` is what subscribers are told. */
  set(op: string, doc: CibDoc): boolean {
    const before = this.current;
    if (doc === before) return false;
    this.current = doc;
    this.onChange?.(op, before, doc);
    return true;
  }

  /** How the CIB names a ring node, if it is known. */
  nameOf(nodeId: number): NodeName | undefined {
    const uname = this.membership.uname(nodeId);
    return uname === undefined ? undefined : this.context.cibName(nodeId, uname);
  }

  /** How the CIB names a node of this uname, a member or configured. */
  nodeByUname(uname: string): NodeName | undefined {
    const nodeId = this.membership.nodeIdOf(uname);
    if (nodeId !== undefined) return this.context.cibName(nodeId, uname);
    return this.configuredNodes().find((node) => node.uname === uname);
  }

  /** Names of configured nodes, in order. */
  configuredNodes(): readonly NodeName[] {
    return (section(this.current, "nodes")?.children ?? [])
      .filter((node) => node.name === "node")
      .map((node) => ({ id: idOf(node), uname: attr(node, "uname") ?? idOf(node) }));
  }
}
