/**
 * Alerts: programs that are told what happens (spec/runtime.md 8.1). Read from the configuration when something happens; who
 * tells what is the callers' part. Not told: fencing, which this version has not; rules in the blocks of alerts do not count.
 */
import { exitCode } from "../base/result-code.ts";
import { type CibDoc, section } from "../cib/document.ts";
import { parseTimeoutMs } from "../time/interval.ts";
import { patternText } from "../time/pattern.ts";
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";
import { isTrue } from "./cib/deliver.ts";
import type { Context } from "./context.ts";
import { type Operation, OpStatus, type Outcome } from "./controller/history.ts";

export type AlertKind = "node" | "fencing" | "resource" | "attribute";

const TIMEOUT_MS = 30_000;
const TIMESTAMP = "%H:%M:%S.%06N";
const BY_DEFAULT: readonly AlertKind[] = ["node", "fencing", "resource"];
const STATUS_WORDS: Readonly<Record<number, string>> = {
  [OpStatus.cancelled]: "Cancelled",
  [OpStatus.timeout]: "Timed Out",
  [OpStatus.notSupported]: "NOT SUPPORTED",
  [OpStatus.error]: "Error",
  [OpStatus.notInstalled]: "Not installed",
};

/** One program for one recipient. */
export interface AlertCall {
  readonly path: string;
  readonly recipient: string | undefined;
  readonly kinds: ReadonlySet<string>;
  /** Only these attributes; empty: all. */
  readonly attributes: ReadonlySet<string>;
  readonly timeoutMs: number;
  readonly timestampFormat: string;
  readonly environment: Readonly<Record<string, string>>;
}

function pairsOf(owner: XmlElement, block: string): Readonly<Record<string, string>> {
  const pairs = childrenOf(owner, block).flatMap((set) => childrenOf(set, "nvpair"));
  // The first of a name counts.
  return Object.fromEntries(
    pairs.reverse().map((pair) => [attr(pair, "name") ?? "", attr(pair, "value") ?? ""]),
  );
}

/** The calls that a configuration asks for. */
export function alertCalls(doc: CibDoc): readonly AlertCall[] {
  const alerts = section(doc, "alerts")?.children.filter((c) => c.name === "alert") ?? [];
  return alerts.flatMap((alert) => {
    const select = child(alert, "select");
    const selected = select?.children.map((c) => c.name.replace(/^select_/, "")) ?? BY_DEFAULT;
    const kinds = new Set(selected.map((word) => word.replace(/s$/, "")));
    const only = select === undefined ? undefined : child(select, "select_attributes");
    const attributes = new Set((only?.children ?? []).map((c) => attr(c, "name") ?? ""));
    const recipients = childrenOf(alert, "recipient");
    const targets = recipients.length === 0 ? [undefined] : recipients;
    return targets.flatMap((recipient) => {
      const owners = recipient === undefined ? [alert] : [alert, recipient];
      const meta = Object.assign({}, ...owners.map((o) => pairsOf(o, "meta_attributes")));
      if (!isTrue(meta["enabled"], true)) return [];
      return {
        path: attr(alert, "path") ?? "",
        recipient: recipient === undefined ? undefined : (attr(recipient, "value") ?? ""),
        kinds,
        attributes,
        timeoutMs: parseTimeoutMs(meta["timeout"] ?? "") ?? TIMEOUT_MS,
        timestampFormat: meta["timestamp-format"] ?? TIMESTAMP,
        environment: Object.assign({}, ...owners.map((o) => pairsOf(o, "instance_attributes"))),
      };
    });
  });
}

export class Alerts {
  private readonly context: Context;
  private readonly doc: () => CibDoc;
  private sequence = 0;
  private present: readonly number[] | undefined;

  constructor(context: Context, doc: () => CibDoc) {
    this.context = context;
    this.doc = doc;
  }

  private tell(kind: AlertKind, facts: Readonly<Record<string, string | number>>): void {
    const { context } = this;
    const epochMs = context.epochMs();
    for (const call of alertCalls(this.doc())) {
      if (!call.kinds.has(kind)) continue;
      const name = facts["attribute_name"];
      if (kind === "attribute" && call.attributes.size > 0 && !call.attributes.has(String(name))) {
        continue;
      }
      const words: Record<string, string | number | undefined> = {
        kind,
        version: "2.1.5",
        recipient: call.recipient,
        node_sequence: ++this.sequence,
        timestamp: patternText(call.timestampFormat, epochMs, context.config.utcOffsetSeconds),
        timestamp_epoch: Math.floor(epochMs / 1000),
        timestamp_usec: String((epochMs % 1000) * 1000).padStart(6, "0"),
        ...facts,
      };
      const environment: Record<string, string> = { ...call.environment };
      for (const [word, value] of Object.entries(words)) {
        if (value !== undefined) environment[`CRM_alert_${word}`] = String(value);
      }
      context.effect({ kind: "alert", path: call.path, environment, timeoutMs: call.timeoutMs });
    }
  }

  /** A result of this node. Expected results of probes are nobody's news. */
  result(operation: Operation, outcome: Outcome): void {
    const isProbe = operation.operation === "monitor" && operation.intervalMs === 0;
    if (isProbe && outcome.rc === operation.targetRc) return;
    this.tell("resource", {
      node: this.context.config.nodeName,
      rsc: operation.resource,
      task: operation.operation,
      interval: operation.intervalMs,
      target_rc: operation.targetRc,
      status: outcome.status,
      rc: outcome.rc,
      exec_time: outcome.execMs,
      desc: STATUS_WORDS[outcome.status] ?? exitCode(outcome.rc).text,
    });
  }

  /** A membership is synchronised: who came, who went. The first one is no news. */
  nodes(ring: readonly number[], nameOf: (nodeId: number) => string): void {
    const before = this.present;
    this.present = ring;
    if (before === undefined) return;
    const changed = (ids: readonly number[], others: readonly number[], desc: string) => {
      for (const id of ids) {
        if (!others.includes(id)) this.tell("node", { node: nameOf(id), nodeid: id, desc });
      }
    };
    changed(ring, before, "member");
    changed(before, ring, "lost");
  }

  /** A transient attribute was written; told by the controller. */
  attribute(node: string, nodeId: string, name: string, value: string): void {
    this.tell("attribute", { node, nodeid: nodeId, attribute_name: name, attribute_value: value });
  }
}
