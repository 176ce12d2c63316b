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

type Parameters = ReadonlyMap<string, string>;

/** Digests of one operation. Most are asked for their verdict only, so the rest is worked out when it is wanted. */
export class Digests {
  readonly all: string;
  readonly restart: string | undefined;
  readonly verdict: Verdict;
  private readonly made: Made;
  private secureMap: Parameters | undefined;

  constructor(all: string, restart: string | undefined, verdict: Verdict, made: Made) {
    this.all = all;
    this.restart = restart;
    this.verdict = verdict;
    this.made = made;
  }

  /** Digest of what logs may show. */
  get secure(): string {
    return parametersDigest(this.parameters.secure);
  }

  /** Only parameters that logs may not show have changed: counts as unchanged. */
  get onlyPrivateChanged(): boolean {
    if (this.verdict === "match" || this.made.recordedSecure === undefined) return false;
    return this.made.recordedSecure === this.secure;
  }

  /** What each digest is made of. */
  get parameters(): {
    readonly all: Parameters;
    readonly secure: Parameters;
    readonly restart: Parameters | undefined;
  } {
    const { all, restart, secure } = this.made;
    this.secureMap ??= secure();
    return { all, secure: this.secureMap, restart };
  }
}

/** What digests are made of. */
interface Made {
  readonly all: Parameters;
  readonly restart: Parameters | undefined;
  readonly secure: () => Parameters;
  readonly recordedSecure: string | undefined;
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

const SPECIAL = /[&<>"\x00-\x1f\x7f]/;

function escapeValue(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replace(/[&<>"\x00-\x1f\x7f]/g, (c) => {
    const named = ESCAPES[c];
    if (named !== undefined) return named;
    return `&#x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")};`;
  });
}

/** A `<parameters>` element written in the way that all versions agree on. */
function parametersText(parameters: Parameters): string {
  const names = [...parameters.keys()];
  if (names.length > 1) names.sort(compareBytes);
  let text = " <parameters";
  for (const name of names) text += ` ${name}="${escapeValue(parameters.get(name)!)}"`;
  return `${text}/>\n`;
}

/** MD5 of parameters. */
export function parametersDigest(parameters: Parameters): string {
  return md5Hex(parametersText(parameters));
}

/** Instances of a clone have the same parameters, and so have operations that do not recur: one digest for all. */
export class DigestCache {
  private readonly known = new Map<string, string>();

  digestOf(parameters: Parameters): string {
    const text = parametersText(parameters);
    let digest = this.known.get(text);
    if (digest === undefined) {
      digest = md5Hex(text);
      this.known.set(text, digest);
    }
    return digest;
  }
}

const caches = new WeakMap<Surroundings, DigestCache>();

function digestOf(surroundings: Surroundings, parameters: Parameters): string {
  let cache = caches.get(surroundings);
  if (cache === undefined) {
    cache = new DigestCache();
    caches.set(surroundings, cache);
  }
  return cache.digestOf(parameters);
}

/** Is it a parameter? An interval keeps the timeout, as a monitor is rescheduled for it. */
function isDigested(name: string, intervalMs: number): boolean {
  if (NEVER_DIGESTED.has(name)) return false;
  return !name.startsWith("CRM_meta_") || (name === TIMEOUT && intervalMs > 0);
}

const TIMEOUT = "CRM_meta_timeout";

/** All that counts: the resource's parameters, then the operation's, then the one meta-attribute. */
function digestedParameters(
  instance: Parameters,
  extra: Parameters,
  meta: Parameters,
  intervalMs: number,
): Parameters {
  const kept = new Map<string, string>();
  for (const source of [instance, extra]) {
    for (const [name, value] of source) {
      if (isDigested(name, intervalMs) && !kept.has(name)) kept.set(name, value);
    }
  }
  const timeout = meta.get("timeout");
  if (intervalMs > 0 && timeout !== undefined && !kept.has(TIMEOUT)) kept.set(TIMEOUT, timeout);
  return kept;
}

function words(text: string | undefined): Set<string> {
  return new Set((text ?? "").split(/\s+/).filter((word) => word !== ""));
}

function withoutAddressPlaceholder(
  resource: ResourceState,
  parameters: Parameters,
  host: NodeState | undefined,
): Parameters {
  if (!resource.remoteConnection || host === undefined) return parameters;
  if (parameters.get("addr") !== "#uname") return parameters;
  return new Map(parameters).set("addr", host.name);
}

/** Was the entry recorded by a feature set that digests the resource's own parameters only? */
function isOldEntry(surroundings: Surroundings, entry: XmlElement | undefined): boolean {
  const recorded = entry === undefined ? undefined : attr(entry, "crm_feature_set");
  const version = recorded ?? attr(surroundings.cib.doc.root, "crm_feature_set") ?? "0";
  return compareVersions(version, SECURE_FROM_ALL) < 0;
}

function secureParameters(
  surroundings: Surroundings,
  resource: ResourceState,
  entry: XmlElement | undefined,
  instance: Parameters,
  digested: Parameters,
): Parameters {
  const old = isOldEntry(surroundings, entry);
  const hidden = words(entry === undefined ? ALWAYS_PRIVATE : attr(entry, "op-secure-params"));
  const kept = new Map<string, string>();
  for (const [name, value] of old ? instance : digested) {
    if (hidden.has(name)) continue;
    if (old) {
      if (!isDigested(name, 0)) continue;
      if (resource.fenceDevice) {
        if (name === "provides" || name === "stonith-timeout" || FENCER_PARAMETER.test(name)) {
          continue;
        }
      }
    }
    kept.set(name, value);
  }
  return kept;
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
  const all = digestedParameters(instance, extra, meta, intervalMs);
  const secure = () => secureParameters(surroundings, resource, entry, instance, all);
  const digest = digestOf(surroundings, all);
  if (entry === undefined) {
    const made = { all, restart: undefined, secure, recordedSecure: undefined };
    return new Digests(digest, undefined, "match", made);
  }
  let restart: string | undefined;
  let chosen: Parameters | undefined;
  if (attr(entry, "op-restart-digest") !== undefined) {
    const force = attr(entry, "op-force-restart");
    const listed = words(force);
    chosen = force === undefined ? all : new Map([...all].filter(([n]) => listed.has(n)));
    restart = digestOf(surroundings, chosen);
  }
  const verdict = verdictOf(entry, digest, restart, extra.size > 0, intervalMs, forcedMismatch);
  const recordedSecure = attr(entry, "op-secure-digest");
  return new Digests(digest, restart, verdict, { all, restart: chosen, secure, recordedSecure });
}

/** Host whose name stands for "#uname": the launcher's current node. */
function hostOf(resource: ResourceState): NodeState | undefined {
  return resource.launcher === undefined ? undefined : currentNode(resource.launcher);
}
