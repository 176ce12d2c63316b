/**
 * What can be done to a CIB: a table of pure functions keyed by operation, and the bookkeeping around them: who may, is the
 * result valid, what is its version (spec/outputs-and-tools.md D1.2, D1.3; wire names and bits: spec/ipc/ipc.md 3.2).
 * The same function serves the daemon, files, shadow copies and the simulator.
 *
 * Example: applyRequest(doc, { op: "cib_delete", data: element("primitive", { id: "ip" }) }, { now }) → the new document.
 */
import { isRejection } from "../base/error.ts";
import { limits } from "../base/limits.ts";
import { Errno, Rc } from "../base/result-code.ts";
import { ctimeText } from "../time/iso8601.ts";
import { sameXml } from "../xml/diff.ts";
import { attr, child, withAttr, type XmlElement } from "../xml/node.ts";
import { aclsEnabled, checkWrite, filterRead } from "./acl.ts";
import { type CibDoc, cibDoc, compareVersions, raiseVersion, versionText } from "./document.ts";
import { bump, create, erase, modify, patch, remove, replace, upgrade } from "./edit.ts";
import { writtenProperty } from "./properties.ts";
import { query } from "./query.ts";
import {
  type CibContext,
  type CibOperation,
  type CibOutcome,
  type CibRejection,
  type CibRequest,
  type Edit,
  refuse,
} from "./request.ts";
import { compareFeatureSets, OUR_FEATURE_SET, schemaOf } from "./schema.ts";
import { problemText, validateCib } from "./validate.ts";

export { emptyCib } from "./empty.ts";
export {
  CallOption,
  type CibContext,
  type CibOperation,
  type CibOutcome,
  type CibRejection,
  type CibRequest,
  refuse,
} from "./request.ts";

/** The table. */
const OPERATIONS: Readonly<Record<CibOperation, Edit>> = {
  cib_query: query,
  cib_create: create,
  cib_modify: modify,
  cib_replace: replace,
  cib_delete: remove,
  cib_erase: erase,
  cib_bump: bump,
  cib_apply_diff: patch,
  cib_upgrade: upgrade,
};

/** True for the operations that may change the CIB. */
export function isWrite(op: CibOperation): boolean {
  return op !== "cib_query";
}

/** The operation of this name on the wire, if we know it. */
export function operationNamed(name: string): CibOperation | undefined {
  return name in OPERATIONS ? (name as CibOperation) : undefined;
}

/** Applies one request. The document is never changed; the outcome holds the new one. */
export function applyRequest(
  doc: CibDoc,
  request: CibRequest,
  context: CibContext,
): CibOutcome | CibRejection {
  if (!isWrite(request.op)) return readRequest(doc, request, context);
  const edited = OPERATIONS[request.op](doc.root, request, context);
  if (isRejection(edited)) return withReadableResult(edited, context, doc);
  if (
    edited.root === undefined ||
    (!rewrites(doc, request, edited.root) && sameXml(edited.root, doc.root))
  ) {
    const outcome = { doc, changed: false, configurationChanged: false };
    return edited.result === undefined ? outcome : { ...outcome, result: edited.result };
  }
  const verdict = checkWrite(doc.root, edited.root, context.aclUser, context.aclGroups);
  const notes = verdict.notes.length === 0 ? {} : { aclNotes: verdict.notes };
  if (!verdict.allowed) return { ...refuse(Errno.EACCES), ...notes };
  const finished = finish(doc, edited.root, request, context);
  if (isRejection(finished)) return withReadableResult(finished, context, doc);
  const result = edited.result === undefined ? {} : { result: edited.result };
  return { ...finished, ...result, ...notes };
}

function readRequest(
  doc: CibDoc,
  request: CibRequest,
  context: CibContext,
): CibOutcome | CibRejection {
  const readable = filterRead(doc.root, context.aclUser, context.aclGroups);
  if (isRejection(readable)) return readable;
  const answer = query(readable, request);
  if (isRejection(answer)) return answer;
  const outcome = { doc, changed: false, configurationChanged: false };
  return answer.result === undefined ? outcome : { ...outcome, result: answer.result };
}

/** A document that explains a refusal may hold what the user must not see. */
function withReadableResult(
  rejection: CibRejection,
  context: CibContext,
  doc: CibDoc,
): CibRejection {
  if (rejection.result === undefined || rejection.result.name !== "cib") return rejection;
  const readable = filterRead(rejection.result, context.aclUser, context.aclGroups, doc.root);
  const { result: _, ...bare } = rejection;
  return isRejection(readable) ? bare : { ...bare, result: readable };
}

/** Version, validity and records of a changed root. */
function finish(
  doc: CibDoc,
  edited: XmlElement,
  request: CibRequest,
  context: CibContext,
): CibOutcome | CibRejection {
  const configurationChanged =
    rewrites(doc, request, edited) || changedConfiguration(doc.root, edited);
  const given = cibDoc(edited);
  if (request.op !== "cib_apply_diff" && isOlder(doc, given)) {
    const text = `${versionText(given.version)} is older than ${versionText(doc.version)}`;
    return refuse(Rc.oldData, text);
  }
  const feature = attr(edited, "crm_feature_set");
  if (context.origin !== undefined && feature !== undefined) {
    if (compareFeatureSets(feature, OUR_FEATURE_SET) > 0) {
      return refuse(Errno.EPROTONOSUPPORT, `crm_feature_set ${feature} is newer than ours`);
    }
  }
  if (isTooDeep(doc.root, edited, 1)) {
    return refuse(Errno.EINVAL, `elements are nested deeper than ${limits.xmlDepth} levels`);
  }
  let root = edited;
  if (!carriesVersion(doc, given, request)) root = raiseVersion(root, configurationChanged);
  if (configurationChanged && context.origin !== undefined) root = recordWriter(root, context);
  if (configurationChanged || rootAttrsChanged(doc.root, edited)) {
    const problems = validateCib(root);
    const [first] = problems;
    if (first !== undefined) {
      return refuse(Rc.schemaValidation, problems.map(problemText).join("\n"), root);
    }
  }
  return { doc: cibDoc(root), changed: true, configurationChanged };
}

/** Replacing an element of the configuration is a change of version even where it stays the same. */
function rewrites(doc: CibDoc, request: CibRequest, edited: XmlElement): boolean {
  if (request.op !== "cib_replace" || request.data === undefined) return false;
  const isPart = !/^(cib|configuration|status)$/.test(request.data.name);
  return isPart && child(edited, "configuration") !== child(doc.root, "configuration");
}

/** Many small requests may not build what no parser accepts. Only what changed is looked at. */
function isTooDeep(before: XmlElement | undefined, after: XmlElement, depth: number): boolean {
  if (before === after) return false;
  if (depth > limits.xmlDepth) return true;
  return after.children.some((c, i) => isTooDeep(before?.children[i], c, depth + 1));
}

/** Only admin_epoch and epoch may never fall; num_updates may be set back within an epoch. */
function isOlder(before: CibDoc, after: CibDoc): boolean {
  return (
    compareVersions({ ...after.version, numUpdates: 0 }, { ...before.version, numUpdates: 0 }) < 0
  );
}

/** A patchset brings the version of its result with it. */
function carriesVersion(before: CibDoc, after: CibDoc, request: CibRequest): boolean {
  return request.op === "cib_apply_diff" && compareVersions(after.version, before.version) > 0;
}

function changedConfiguration(before: XmlElement, after: XmlElement): boolean {
  const a = child(before, "configuration");
  const b = child(after, "configuration");
  if (a === undefined || b === undefined) return a !== b;
  return !sameXml(a, b);
}

const VERSION_ATTRS: ReadonlySet<string> = new Set(["admin_epoch", "epoch", "num_updates"]);

function rootAttrsChanged(before: XmlElement, after: XmlElement): boolean {
  for (const [name, value] of after.attrs) {
    if (!VERSION_ATTRS.has(name) && attr(before, name) !== value) return true;
  }
  return before.children.length !== after.children.length;
}

/** Who changed the configuration, and when (live CIBs of schema 1.2 and later). */
function recordWriter(root: XmlElement, context: CibContext): XmlElement {
  const schema = schemaOf(attr(root, "validate-with"));
  if (typeof schema === "number" && schema < 102) return root;
  const written = ctimeText({ epoch: Math.floor(context.now), offset: context.offset ?? 0 });
  let result = withAttr(root, "cib-last-written", written);
  result = withAttr(result, "update-origin", context.origin);
  result = withAttr(result, "update-client", context.client ?? "unknown");
  // The plugin's Pacemaker names users only where access rules are in force.
  const plugin = writtenProperty(root, "cluster-infrastructure")?.includes("with plugin") === true;
  const user = plugin && !aclsEnabled(root) ? undefined : (context.user ?? "root");
  return withAttr(result, "update-user", user);
}
