/**
 * One message of the order applied to the CIB: pure, so that every member that applies the same messages has the same CIB
 * (HOUSE rule 1). What else follows from a message (running an order, answering a client) is the core's part.
 * Followed: spec/runtime.md 1.1, 1.5, 3.7, 4.4, 4.5, 5.3.
 */
import { addScores, parseScore, scoreText } from "../../base/score.ts";
import { type CibDoc, cibDoc } from "../../cib/document.ts";
import { writtenProperty } from "../../cib/properties.ts";
import { sameXml } from "../../xml/diff.ts";
import { attr, child, idOf, withAttr, type XmlElement } from "../../xml/node.ts";
import { failCountChange, isFailure, OpStatus } from "../controller/history.ts";
import type { AttributeUpdate, ClearFailure, Result } from "../messages.ts";
import {
  type NodeName,
  nodeState,
  transientAttributes,
  withAttrs,
  withHistory,
  withLrm,
  withNamedChild,
  withNodeState,
  withoutHistory,
  withTransient,
  withUnknownOf,
} from "./status.ts";

/** Value of a cluster option in `crm_config`, first one found; undefined when unset. */
export function clusterOption(doc: CibDoc, name: string): string | undefined {
  return writtenProperty(doc.root, name);
}

/** Is a truth word of the CIB true? `undefined` gives the default. */
export function isTrue(value: string | undefined, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  return ["true", "yes", "on", "1", "y"].includes(value.toLowerCase());
}

/** Root attributes that do not count as configuration; one more num_updates when they differ. */
export function withRootAttrs(
  doc: CibDoc,
  attrs: Readonly<Record<string, string | undefined>>,
): CibDoc {
  const root = withAttrs(doc.root, attrs);
  if (root === doc.root) return doc;
  return cibDoc(withAttr(root, "num_updates", String(doc.version.numUpdates + 1)));
}

/** A member's own history in place of what the CIB said (HOUSE rule 3): from now on it is a full member. */
export function applyPublish(doc: CibDoc, node: NodeName, lrm: XmlElement): CibDoc {
  return withNodeState(doc, node, (state) => {
    const full = withAttrs(state, {
      in_ccm: "true",
      crmd: "online",
      "crm-debug-origin": "do_state_transition",
      join: "member",
      expected: "member",
    });
    const before = child(full, "lrm");
    const after = withUnknownOf(before, lrm);
    return before !== undefined && sameXml(before, after)
      ? full
      : withNamedChild(full, "lrm", after);
  });
}

/** A node that is gone, or whose manager is gone while its ring goes on. */
export function applyLoss(doc: CibDoc, node: NodeName, inRing: boolean): CibDoc {
  if (nodeState(doc, node.id) === undefined) return doc;
  return withNodeState(doc, node, (state) => {
    const marked = withAttrs(state, {
      in_ccm: inRing ? "true" : "false",
      crmd: "offline",
      "crm-debug-origin": inRing ? "peer_update_callback" : "do_state_transition",
      ...(inRing ? {} : { join: "down" }),
    });
    return withNamedChild(marked, "transient_attributes", undefined);
  });
}

/** A clean leave. */
export function applyGoodbye(doc: CibDoc, node: NodeName): CibDoc {
  return withNodeState(doc, node, (state) =>
    withNamedChild(
      withAttrs(state, {
        in_ccm: "true",
        crmd: "offline",
        "crm-debug-origin": "peer_update_callback",
        join: "down",
        expected: "down",
      }),
      "transient_attributes",
      undefined,
    ),
  );
}

/** `value++` and `value+=N` against the current value (5.3); anything else is itself. */
export function expandValue(current: string | undefined, value: string): string {
  const step = /^.*?(\+\+|\+=(-?\w+))$/.exec(value);
  if (step === null || value.length < 3) return value;
  const old = parseScore(current ?? "0") ?? 0;
  const by = step[1] === "++" ? 1 : (parseScore(step[2] ?? "0") ?? 0);
  return scoreText(addScores(old, by));
}

function safePattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

/** A transient attribute of a node. */
export function applyAttribute(doc: CibDoc, node: NodeName, update: AttributeUpdate): CibDoc {
  const current = transientAttributes(doc, node.id);
  const pattern = update.pattern ? safePattern(update.name) : undefined;
  const names = update.pattern
    ? [...current.keys()].filter((name) => pattern?.test(name) === true)
    : [update.name];
  let result = doc;
  for (const name of names) {
    const value =
      update.value === undefined || update.value === ""
        ? undefined
        : expandValue(current.get(name), update.value);
    result = withTransient(result, node, name, value);
  }
  return result;
}

function isFailureName(name: string, clear: ClearFailure): boolean {
  const found = /^(?:fail-count|last-failure)-(.+)$/.exec(name);
  if (found === null) return false;
  if (clear.resource === "") return true;
  const rest = found[1]!;
  if (clear.operation !== "") {
    return rest === `${clear.resource}#${clear.operation}_${clear.intervalMs}`;
  }
  return rest === clear.resource || rest.startsWith(`${clear.resource}#`);
}

/** Fail counts forgotten, and with `dropEntry` the failure's entry (2.4 clear_failcount). */
export function applyClearFailure(doc: CibDoc, node: NodeName, clear: ClearFailure): CibDoc {
  let result = doc;
  for (const name of transientAttributes(doc, node.id).keys()) {
    if (isFailureName(name, clear)) result = withTransient(result, node, name, undefined);
  }
  const state = nodeState(result, node.id);
  if (!clear.dropEntry || state === undefined || child(state, "lrm") === undefined) return result;
  const entry = `${clear.resource}_last_failure_0`;
  return withLrm(result, node, (lrm) => {
    if (clear.operation === "") return withoutHistory(lrm, clear.resource, entry);
    const list = child(lrm, "lrm_resources");
    const resource = list?.children.find((c) => idOf(c) === clear.resource);
    const found = resource?.children.find((c) => idOf(c) === entry);
    const key = `${clear.resource}_${clear.operation}_${clear.intervalMs}`;
    return found !== undefined && attr(found, "operation_key") === key
      ? withoutHistory(lrm, clear.resource, entry)
      : lrm;
  });
}

/** A result: history, and the fail count that goes with a failure, in one step. */
export function applyResult(
  doc: CibDoc,
  node: NodeName,
  result: Result,
  update: XmlElement,
): CibDoc {
  let next = withLrm(doc, node, (lrm) => withHistory(lrm, update));
  if (!isFailure(result.status, result.rc, result.targetRc)) return next;
  if (result.status === OpStatus.invalid) return next;
  const fatal = isTrue(clusterOption(doc, "start-failure-is-fatal"), true);
  const change = failCountChange(result.operation, result.intervalMs, fatal);
  if (change === undefined) return next;
  const suffix = `${result.resource}#${result.operation}_${result.intervalMs}`;
  next = withTransient(next, node, `last-failure-${suffix}`, String(result.now));
  if (result.onFail === "ignore") return next;
  const name = `fail-count-${suffix}`;
  const current = transientAttributes(next, node.id).get(name);
  const value = change === "infinity" ? "INFINITY" : expandValue(current, "value++");
  return withTransient(next, node, name, value);
}
