/**
 * What the controller writes into a configuration by itself: the bootstrap properties and the members as nodes
 * (spec/runtime.md 7.3, 7.4).
 */
import { type CibDoc, section } from "../../cib/document.ts";
import { attr, childrenOf, element, idOf, type XmlElement } from "../../xml/node.ts";
import type { NodeName } from "../cib/status.ts";

/** Our word for dc-version: behaves like 1.1.10's in the plugin form, like 2.1.5's else. */
export function versionWord(form: "legacy" | "nodelist", version: string): string {
  return form === "legacy" ? `1.1.10-quorate-${version}` : `2.1.5-quorate-${version}`;
}

export interface BootstrapFacts {
  readonly form: "legacy" | "nodelist";
  readonly version: string;
  readonly clusterName: string | undefined;
  readonly members: readonly NodeName[];
  /** Plugin form only. */
  readonly expectedVotes: number | undefined;
}

/** One `cib_modify` to send: section and data. */
export interface BootstrapRequest {
  readonly section: string;
  readonly data: XmlElement;
}

function currentOptions(doc: CibDoc): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  const config = section(doc, "crm_config");
  for (const set of config?.children ?? []) {
    for (const pair of childrenOf(set, "nvpair")) {
      const name = attr(pair, "name");
      if (name !== undefined && !options.has(name)) options.set(name, attr(pair, "value") ?? "");
    }
  }
  return options;
}

/** What is missing or outdated; an empty list when all is there. */
export function bootstrapRequests(doc: CibDoc, facts: BootstrapFacts): readonly BootstrapRequest[] {
  const legacy = facts.form === "legacy";
  const wanted: [string, string | undefined][] = legacy
    ? [
        ["dc-version", versionWord(facts.form, facts.version)],
        ["cluster-infrastructure", "classic openais (with plugin)"],
        ["expected-quorum-votes", facts.expectedVotes?.toString()],
      ]
    : [
        ["have-watchdog", "false"],
        ["dc-version", versionWord(facts.form, facts.version)],
        ["cluster-infrastructure", "corosync"],
        ["cluster-name", facts.clusterName],
      ];
  const current = currentOptions(doc);
  const pairs: XmlElement[] = [];
  for (const [name, value] of wanted) {
    if (value === undefined || current.get(name) === value) continue;
    if (name === "cluster-name" && current.has(name)) continue;
    pairs.push(element("nvpair", { id: `cib-bootstrap-options-${name}`, name, value }));
  }
  const requests: BootstrapRequest[] = [];
  const known = new Set((section(doc, "nodes")?.children ?? []).map((n) => idOf(n)));
  const missing = facts.members.filter((node) => !known.has(node.id));
  if (missing.length > 0) {
    const nodes = missing.map((n) => element("node", { id: n.id, uname: n.uname }));
    requests.push({ section: "nodes", data: element("nodes", {}, nodes) });
  }
  if (pairs.length > 0) {
    const set = element("cluster_property_set", { id: "cib-bootstrap-options" }, pairs);
    requests.push({ section: "crm_config", data: element("crm_config", {}, [set]) });
  }
  return requests;
}
