/** Requests to a CIB and what comes of them (wire names and bits: spec/ipc/ipc.md 3.2). */
import type { Rejection } from "../base/error.ts";
import { resultCode } from "../base/result-code.ts";
import type { XmlElement } from "../xml/node.ts";
import type { CibDoc } from "./document.ts";

/** Call options as bits, as they travel. */
export const CallOption = {
  verbose: 0x1,
  xpath: 0x2,
  multiple: 0x4,
  canCreate: 0x8,
  discardReply: 0x10,
  noChildren: 0x20,
  xpathAddress: 0x40,
  mixedUpdate: 0x80,
  scopeLocal: 0x100,
  dryRun: 0x200,
  sync: 0x1000,
  noMtime: 0x2000,
  zeroCopy: 0x4000,
  inhibitNotify: 0x10000,
  quorumOverride: 0x100000,
  inhibitBroadcast: 0x1000000,
  forceDiff: 0x10000000,
} as const;

/** Attribute of a reply: words for the person who asked, whatever came of it. Additive: other clients ignore it. */
export const CIB_NOTE = "quorate-note";

/** Operations by their names on the wire. */
export type CibOperation =
  | "cib_query"
  | "cib_create"
  | "cib_modify"
  | "cib_replace"
  | "cib_delete"
  | "cib_erase"
  | "cib_bump"
  | "cib_apply_diff"
  | "cib_upgrade";

/** One request. `section` is the name of a section, or an XPath with CallOption.xpath; absent: the whole CIB. */
export interface CibRequest {
  readonly op: CibOperation;
  readonly section?: string | undefined;
  readonly data?: XmlElement | undefined;
  /** Sum of CallOption bits. */
  readonly options?: number | undefined;
}

/** Circumstances of a request. */
export interface CibContext {
  /** Epoch seconds; for cib-last-written. */
  readonly now: number;
  /** Offset of the time printed in cib-last-written, seconds east of UTC. */
  readonly offset?: number;
  /** Node, program and user that asked. With `origin` the CIB is live: it records them at configuration changes. */
  readonly origin?: string | undefined;
  readonly client?: string | undefined;
  readonly user?: string | undefined;
  /** Whose access rules apply; absent, "root" and "hacluster": everything is allowed. */
  readonly aclUser?: string | undefined;
  /** Groups of that user, for acl_group. */
  readonly aclGroups?: readonly string[] | undefined;
  /** Schema that cib_upgrade leads to. */
  readonly upgradeTo?: string | undefined;
}

/** What came of a request. `result` is the answer's document, if it has one. */
export interface CibOutcome {
  readonly doc: CibDoc;
  readonly changed: boolean;
  /** The change touched the configuration, so epoch rose. */
  readonly configurationChanged: boolean;
  readonly result?: XmlElement;
  /** Why access rules allowed it. */
  readonly aclNotes?: readonly AclNote[];
}

/** A refused request. The CIB is unchanged. */
export interface CibRejection extends Rejection {
  /** Result code (lib/base/result-code.ts; toLegacy makes it the wire's number). */
  readonly rc: number;
  /** A document that explains: failed updates, or the CIB that was not valid. */
  readonly result?: XmlElement;
  /** Why access rules refused it. */
  readonly aclNotes?: readonly AclNote[];
}

/** What a check of access rules found, for people who ask why; in the words of the original's trace. */
export interface AclNote {
  readonly source: "pcmk__check_acl" | "pcmk__apply_creation_acl";
  readonly text: string;
}

/** Makes a rejection; its code is the result code's name, its text the original's words, `why` appended if given. */
export function refuse(rc: number, why?: string, result?: XmlElement): CibRejection {
  const { name, text } = resultCode(rc);
  const rejection = {
    rejected: true as const,
    code: name,
    text: why === undefined ? text : `${text}: ${why}`,
    rc,
  };
  return result === undefined ? rejection : { ...rejection, result };
}

/** What an operation makes of the root; without `root` nothing changes. */
export interface EditResult {
  readonly root?: XmlElement;
  readonly result?: XmlElement;
}

/** An operation on the root element. */
export type Edit = (
  root: XmlElement,
  request: CibRequest,
  context: CibContext,
) => EditResult | CibRejection;

/** True when a bit of CallOption is set. */
export function hasOption(request: CibRequest, option: number): boolean {
  return ((request.options ?? 0) & option) !== 0;
}
