/**
 * Changes that a simulation starts from: nodes going up and down, results of operations, tickets, quorum
 * (spec/outputs-and-tools section A3.3). Everything is a function from document to document, with one text per change.
 */
import { isRejection, type Rejection, reject } from "../base/error.ts";
import { type CibDoc, cibDoc, raiseVersion, section } from "../cib/document.ts";
import { readCib } from "../cib/read.ts";
import { OUR_FEATURE_SET } from "../cib/schema.ts";
import { resolveSets } from "../status/nvsets.ts";
import { isTruthy } from "../status/options.ts";
import {
  attr,
  child,
  childrenOf,
  element,
  idOf,
  withAttr,
  withChild,
  withChildren,
  type XmlElement,
} from "../xml/node.ts";
import { StatusEdit } from "./status-edit.ts";

export interface Injections {
  readonly quorum: string | undefined;
  readonly watchdog: string | undefined;
  readonly nodesUp: readonly string[];
  readonly nodesDown: readonly string[];
  readonly nodesFailed: readonly string[];
  readonly ticketsGranted: readonly string[];
  readonly ticketsRevoked: readonly string[];
  readonly ticketsStandby: readonly string[];
  readonly ticketsActivated: readonly string[];
  readonly operations: readonly string[];
}

/** One thing that was changed, in the words Pacemaker's XML has for it. */
export type Injection =
  | {
      readonly kind: "node";
      readonly action: "Online" | "Offline" | "Failing";
      readonly node: string;
    }
  | {
      readonly kind: "ticket";
      readonly action: "Granting" | "Revoking" | "Standby" | "Activating";
      readonly ticket: string;
    }
  | { readonly kind: "operation"; readonly spec: string }
  | {
      readonly kind: "attribute";
      readonly name: string;
      readonly value: string;
      readonly nodeId: string;
    };

export interface Injected {
  readonly doc: CibDoc;
  readonly items: readonly Injection[];
  readonly errors: readonly string[];
}

/** RESOURCE_TASK_INTERVAL@NODE=RC taken apart. */
export interface OperationSpec {
  readonly resource: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly node: string;
  readonly rc: number;
}

export function parseOperationSpec(text: string): OperationSpec | Rejection {
  const match = /^([^@]*)@([^=]*)=(-?\d+)/.exec(text);
  const fields = match === null ? text.split(/[@=]/).length : 3;
  const key = /^(.+?)_(migrate_to|migrate_from|[^_]+)_(\d+)$/.exec(match?.[1] ?? "");
  if (match === null || key === null) {
    return reject("spec", `Invalid operation spec: ${text}.  Only found ${fields} fields`);
  }
  return {
    resource: key[1]!,
    task: key[2]!,
    intervalMs: Number(key[3]),
    node: match[2]!,
    rc: Number(match[3]),
  };
}

const UP = { in_ccm: "true", crmd: "online", join: "member", expected: "member" };
const DOWN = { in_ccm: "false", crmd: "offline", join: "down", expected: "down" };
const FAILED = { in_ccm: "false", crmd: "online", join: "member", expected: "member" };

/** Replaces one section of the configuration, made when absent. */
function editSection(doc: CibDoc, name: string, edit: (section: XmlElement) => XmlElement): CibDoc {
  const configuration = child(doc.root, "configuration") ?? element("configuration");
  const old = child(configuration, name);
  const made = edit(old ?? element(name));
  const next =
    old === undefined
      ? withChildren(configuration, [...configuration.children, made])
      : withChild(configuration, old, made);
  const known = child(doc.root, "configuration");
  const root =
    known === undefined
      ? withChildren(doc.root, [next, ...doc.root.children])
      : withChild(doc.root, known, next);
  return cibDoc(raiseVersion(root, true));
}

function setProperty(doc: CibDoc, name: string, value: string): CibDoc {
  return editSection(doc, "crm_config", (config) => {
    const set =
      config.children.find((c) => idOf(c) === "cib-bootstrap-options") ??
      element("cluster_property_set", { id: "cib-bootstrap-options" });
    const pair = set.children.find((c) => attr(c, "name") === name);
    const edited =
      pair === undefined
        ? withChildren(set, [
            ...set.children,
            element("nvpair", { id: `cib-bootstrap-options-${name}`, name, value }),
          ])
        : withChild(set, pair, withAttr(pair, "value", value));
    return config.children.includes(set)
      ? withChild(config, set, edited)
      : withChildren(config, [...config.children, edited]);
  });
}

/** Id of a configured node; the name itself when it is unknown, which then is added. */
function nodeIdOf(doc: CibDoc, name: string): { readonly doc: CibDoc; readonly id: string } {
  const known = (section(doc, "nodes")?.children ?? []).find((c) => attr(c, "uname") === name);
  if (known !== undefined) return { doc, id: idOf(known) };
  const inStatus = (child(doc.root, "status")?.children ?? []).find(
    (c) => attr(c, "uname") === name,
  );
  if (inStatus !== undefined) return { doc, id: idOf(inStatus) };
  const added = editSection(doc, "nodes", (nodes) =>
    withChildren(nodes, [...nodes.children, element("node", { id: name, uname: name })]),
  );
  return { doc: added, id: name };
}

function setMembership(
  doc: CibDoc,
  name: string,
  words: Readonly<Record<string, string>>,
  forget: boolean,
): CibDoc {
  const found = nodeIdOf(doc, name);
  const edit = new StatusEdit(found.doc);
  edit.setMembership(name, found.id, words, forget);
  return edit.close();
}

function setTicket(doc: CibDoc, id: string, name: string, value: string): CibDoc {
  const status = child(doc.root, "status") ?? element("status");
  const tickets = child(status, "tickets") ?? element("tickets");
  const known = childrenOf(tickets, "ticket_state").find((c) => idOf(c) === id);
  const edited =
    known === undefined
      ? withChildren(tickets, [...tickets.children, element("ticket_state", { id, [name]: value })])
      : withChild(tickets, known, withAttr(known, name, value));
  const nextStatus = status.children.includes(tickets)
    ? withChild(status, tickets, edited)
    : withChildren(status, [...status.children, edited]);
  const root = doc.root.children.includes(status)
    ? withChild(doc.root, status, nextStatus)
    : withChildren(doc.root, [...doc.root.children, nextStatus]);
  return cibDoc(raiseVersion(root, false));
}

/** The configured primitive behind a resource name, instance number or not. */
function primitiveNamed(doc: CibDoc, name: string): XmlElement | undefined {
  const base = name.replace(/:\d+$/, "");
  const visit = (node: XmlElement): XmlElement | undefined => {
    for (const c of node.children) {
      if (c.name === "primitive" && (idOf(c) === name || idOf(c) === base)) return c;
      const below = visit(c);
      if (below !== undefined) return below;
    }
    return undefined;
  };
  const resources = section(doc, "resources");
  return resources === undefined ? undefined : visit(resources);
}

function failsForGood(doc: CibDoc, task: string): boolean {
  if (task === "stop") return true;
  if (task !== "start") return false;
  const cib = readCib(doc);
  const texts = new Map<string, string>();
  resolveSets({ cib, now: 0, recheckAt: () => {} }, cib.propertySets, {}, texts);
  const text = texts.get("start-failure-is-fatal");
  return text === undefined || isTruthy(text);
}

interface Work {
  doc: CibDoc;
  readonly items: Injection[];
  readonly errors: string[];
  readonly now: number;
}

function countFailure(work: Work, spec: OperationSpec, edit: StatusEdit, nodeId: string): void {
  const suffix = `${spec.resource}#${spec.task}_${spec.intervalMs}`;
  const old = Number.parseInt(edit.attribute(spec.node, nodeId, `fail-count-${suffix}`) ?? "0", 10);
  const count = failsForGood(work.doc, spec.task) ? "INFINITY" : String((old || 0) + 1);
  const set = (name: string, value: string): void => {
    work.items.push({ kind: "attribute", name, value, nodeId });
    edit.setAttribute(spec.node, nodeId, name, value);
  };
  set(`fail-count-${suffix}`, count);
  set(`last-failure-${suffix}`, String(work.now));
}

function injectOperation(work: Work, text: string): void {
  work.items.push({ kind: "operation", spec: text });
  const spec = parseOperationSpec(text);
  if (isRejection(spec)) {
    work.errors.push(spec.text);
    return;
  }
  const primitive = primitiveNamed(work.doc, spec.resource);
  if (primitive === undefined) {
    work.errors.push(`Invalid resource name: ${spec.resource}`);
    return;
  }
  const found = nodeIdOf(work.doc, spec.node);
  work.doc = found.doc;
  const edit = new StatusEdit(work.doc);
  const isProbeOfStopped = spec.rc === 7 && spec.intervalMs === 0;
  if (spec.rc !== 0 && !isProbeOfStopped) countFailure(work, spec, edit, found.id);
  const key = `${spec.resource}_${spec.task}_${spec.intervalMs}`;
  const failed = spec.rc !== 0;
  edit.record(spec.node, found.id, {
    resource: spec.resource,
    configured: spec.resource,
    standard: attr(primitive, "class") ?? "",
    provider: attr(primitive, "provider"),
    agent: attr(primitive, "type") ?? "",
    attributes: (callId) => {
      const id = failed
        ? `${spec.resource}_last_failure_0`
        : spec.intervalMs > 0
          ? key
          : `${spec.resource}_last_0`;
      const transition = `${callId}:-1:0:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`;
      const status = failed ? "4" : "0";
      const xml = element("lrm_rsc_op", {
        id,
        operation_key: key,
        operation: spec.task,
        "crm-debug-origin": "crm_simulate",
        crm_feature_set: OUR_FEATURE_SET,
        "transition-key": transition,
        "transition-magic": `${status}:${spec.rc};${transition}`,
        "exit-reason": "",
        on_node: spec.node,
        "call-id": String(callId),
        "rc-code": String(spec.rc),
        "op-status": status,
        interval: String(spec.intervalMs),
        "last-rc-change": String(work.now),
        "exec-time": "0",
        "queue-time": "0",
      });
      return { id, xml };
    },
  });
  work.doc = edit.close();
}

/** Anything that makes the list "Performing Requested Modifications" appear. */
export function hasInjections(injections: Injections): boolean {
  const { quorum: _quorum, watchdog, ...lists } = injections;
  return watchdog !== undefined || Object.values(lists).some((list) => list.length > 0);
}

/** Applies all injections in their order. `now` in epoch seconds. */
export function inject(doc: CibDoc, injections: Injections, now: number): Injected {
  const work: Work = { doc, items: [], errors: [], now };
  const { quorum, watchdog } = injections;
  if (quorum !== undefined) {
    work.doc = cibDoc(withAttr(work.doc.root, "have-quorum", quorum));
  }
  if (watchdog !== undefined) {
    work.doc = setProperty(work.doc, "have-watchdog", watchdog);
  }
  const nodes = (
    names: readonly string[],
    action: "Online" | "Offline" | "Failing",
    words: Readonly<Record<string, string>>,
    forget: boolean,
  ): void => {
    for (const name of names) {
      work.items.push({ kind: "node", action, node: name });
      work.doc = setMembership(work.doc, name, words, forget);
    }
  };
  nodes(injections.nodesUp, "Online", UP, false);
  nodes(injections.nodesDown, "Offline", DOWN, true);
  nodes(injections.nodesFailed, "Failing", FAILED, false);
  const tickets = (
    ids: readonly string[],
    action: "Granting" | "Revoking" | "Standby" | "Activating",
    name: string,
    value: string,
  ): void => {
    for (const id of ids) {
      work.items.push({ kind: "ticket", action, ticket: id });
      work.doc = setTicket(work.doc, id, name, value);
    }
  };
  tickets(injections.ticketsGranted, "Granting", "granted", "true");
  tickets(injections.ticketsRevoked, "Revoking", "granted", "false");
  tickets(injections.ticketsStandby, "Standby", "standby", "true");
  tickets(injections.ticketsActivated, "Activating", "standby", "false");
  for (const text of injections.operations) injectOperation(work, text);
  return { doc: work.doc, items: work.items, errors: work.errors };
}
