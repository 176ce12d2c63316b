/**
 * Have the parameters changed since an operation ran? Digests of what it would get now against those in its history
 * entry (spec/scheduler-1 section B.13).
 */
import { compareBytes } from "../base/collections.ts";
import { md5Hex } from "../base/md5.ts";
import { compareVersions } from "../rules/rule.ts";
import { attr, type XmlElement } from "../xml/node.ts";
import type { Surroundings } from "./nvsets.ts";
import { defineOperation, operationParameters } from "./operations.ts";
import { parametersOf } from "./parameters.ts";
import type { NodeState, ResourceState } from "./state.ts";
import { currentNode } from "./tree.ts";

export type Verdict = "match" | "mismatch" | "restart" | "unknown";

export interface Digests {
  readonly all: string;
  readonly secure: string;
  readonly restart: string | undefined;
  readonly verdict: Verdict;
  /** Only parameters that logs may not show have changed: counts as unchanged. */
  readonly onlyPrivateChanged: boolean;
  /** What each digest is made of. */
  readonly parameters: {
    readonly all: ReadonlyMap<string, string>;
    readonly secure: ReadonlyMap<string, string>;
    readonly restart: ReadonlyMap<string, string> | undefined;
  };
}

const NEVER_DIGESTED = new Set([
  "id",
  "crm_feature_set",
  "op-digest",
  "on_node",
  "on_node_uuid",
  "pcmk_external_ip",
]);

/** From this feature set on, agents' private parameters are left out of a full digest instead of a partial one. */
const SECURE_FROM_ALL = "3.16.0";

/** What is kept out of logs where no history says more. */
const ALWAYS_PRIVATE = "passwd password";

/** Parameters the fencer itself uses. */
const FENCER_PARAMETER =
  /^pcmk_(action_limit|delay_base|delay_max|host_argument|host_check|host_list|host_map|[a-z]+_(action|timeout|retries))$/;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escapeValue(value: string): string {
  return value.replace(/[&<>"\x00-\x1f\x7f]/g, (c) => {
    const named = ESCAPES[c];
    if (named !== undefined) return named;
    return `&#x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")};`;
  });
}

/** MD5 of a `<parameters>` element written in the way that all versions agree on. */
export function parametersDigest(parameters: ReadonlyMap<string, string>): string {
  const names = [...parameters.keys()].sort(compareBytes);
  const text = names.map((name) => ` ${name}="${escapeValue(parameters.get(name)!)}"`).join("");
  return md5Hex(` <parameters${text}/>\n`);
}

/** Leaves out what is not a parameter; an interval keeps the timeout, as a monitor is rescheduled for it. */
function filtered(
  parameters: ReadonlyMap<string, string>,
  intervalMs: number,
): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (NEVER_DIGESTED.has(name)) continue;
    if (name.startsWith("CRM_meta_") && !(name === "CRM_meta_timeout" && intervalMs > 0)) continue;
    kept.set(name, value);
  }
  return kept;
}

function words(text: string | undefined): Set<string> {
  return new Set((text ?? "").split(/\s+/).filter((word) => word !== ""));
}

function withoutAddressPlaceholder(
  resource: ResourceState,
  parameters: ReadonlyMap<string, string>,
  host: NodeState | undefined,
): Map<string, string> {
  const own = new Map(parameters);
  if (resource.remoteConnection && own.get("addr") === "#uname" && host !== undefined) {
    own.set("addr", host.name);
  }
  return own;
}

function secureParameters(
  surroundings: Surroundings,
  resource: ResourceState,
  entry: XmlElement | undefined,
  instance: ReadonlyMap<string, string>,
  everything: ReadonlyMap<string, string>,
  intervalMs: number,
): Map<string, string> {
  const recorded = entry === undefined ? undefined : attr(entry, "crm_feature_set");
  const version = recorded ?? attr(surroundings.cib.doc.root, "crm_feature_set") ?? "0";
  const old = compareVersions(version, SECURE_FROM_ALL) < 0;
  const hidden = words(entry === undefined ? ALWAYS_PRIVATE : attr(entry, "op-secure-params"));
  const kept = new Map<string, string>();
  for (const [name, value] of old ? instance : everything) {
    if (hidden.has(name)) continue;
    if (old && resource.fenceDevice) {
      if (name === "provides" || name === "stonith-timeout" || FENCER_PARAMETER.test(name))
        continue;
    }
    kept.set(name, value);
  }
  const result = filtered(kept, intervalMs);
  if (old) result.delete("CRM_meta_timeout");
  return result;
}

function verdictOf(
  entry: XmlElement,
  all: string,
  restart: string | undefined,
  hasExtra: boolean,
  intervalMs: number,
  forcedMismatch: boolean,
): Verdict {
  const recordedRestart = attr(entry, "op-restart-digest");
  if (restart !== undefined && recordedRestart !== restart) return "restart";
  if (forcedMismatch) return intervalMs > 0 ? "mismatch" : "restart";
  const recorded = attr(entry, "op-digest");
  if (recorded === undefined) return "unknown";
  if (recorded === all) return "match";
  return intervalMs === 0 && hasExtra ? "restart" : "mismatch";
}

/**
 * Digests of one operation on one node; with a history entry, also whether it still describes the configuration.
 * `host` replaces the address placeholder of a bundle's connection.
 */
export function operationDigests(
  surroundings: Surroundings,
  resource: ResourceState,
  node: NodeState,
  task: string,
  intervalMs: number,
  entry: XmlElement | undefined,
  forcedMismatch = false,
  host: NodeState | undefined = hostOf(resource),
): Digests {
  const { op, meta } = defineOperation(surroundings, resource, node, task, intervalMs);
  const extra = operationParameters(surroundings, node, op);
  const own = parametersOf(surroundings, resource, node);
  const instance = withoutAddressPlaceholder(resource, own, host);
  const everything = new Map(instance);
  for (const [name, value] of extra) if (!everything.has(name)) everything.set(name, value);
  for (const [name, value] of meta) {
    const key = `CRM_meta_${name.replaceAll("-", "_")}`;
    if (!everything.has(key)) everything.set(key, value);
  }
  const kept = filtered(everything, intervalMs);
  const all = parametersDigest(kept);
  const open = secureParameters(surroundings, resource, entry, instance, everything, intervalMs);
  const secure = parametersDigest(open);
  if (entry === undefined) {
    const parameters = { all: kept, secure: open, restart: undefined };
    const verdict = "match";
    return { all, secure, restart: undefined, verdict, onlyPrivateChanged: false, parameters };
  }
  let restart: string | undefined;
  let chosen: ReadonlyMap<string, string> | undefined;
  if (attr(entry, "op-restart-digest") !== undefined) {
    const force = attr(entry, "op-force-restart");
    const listed = words(force);
    chosen = force === undefined ? kept : new Map([...kept].filter(([n]) => listed.has(n)));
    restart = parametersDigest(chosen);
  }
  const verdict = verdictOf(entry, all, restart, extra.size > 0, intervalMs, forcedMismatch);
  const recordedSecure = attr(entry, "op-secure-digest");
  const onlyPrivateChanged = verdict !== "match" && recordedSecure === secure;
  const parameters = { all: kept, secure: open, restart: chosen };
  return { all, secure, restart, verdict, onlyPrivateChanged, parameters };
}

/** Host whose name stands for "#uname": the launcher's current node. */
function hostOf(resource: ResourceState): NodeState | undefined {
  return resource.launcher === undefined ? undefined : currentNode(resource.launcher);
}
