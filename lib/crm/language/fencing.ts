/** `fencing_topology [TARGET:] DEVICE[,DEVICE] …`: each word is one level; without target the same levels for every node. */
import { attr, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import type { ObjectKind } from "./kind.ts";
import { isModern, type ParseContext, syntaxError } from "./syntax.ts";

/** The id under which the one topology is known to show, edit and delete. */
export const TOPOLOGY_ID = "fencing_topology";

type Target = Readonly<Record<string, string>>;

/** `node1:`, `attr:NAME=VALUE`, `pattern:REGEX`; undefined for a device. */
function parseTarget(word: string, context: ParseContext): Target | undefined {
  if (isModern(context)) {
    const byAttribute = /^attr:([^=]+)=(.+)$/.exec(word);
    if (byAttribute) {
      return { "target-attribute": byAttribute[1] ?? "", "target-value": byAttribute[2] ?? "" };
    }
    const pattern = /^pattern:(.+)$/.exec(word);
    if (pattern) return { "target-pattern": pattern[1] ?? "" };
  }
  return /^[^:]+:$/.test(word) ? { target: word.slice(0, -1) } : undefined;
}

function targetWord(level: XmlElement): string {
  const pattern = attr(level, "target-pattern");
  if (pattern !== undefined) return `pattern:${pattern}`;
  const name = attr(level, "target-attribute");
  if (name !== undefined) return `attr:${name}=${attr(level, "target-value") ?? ""}`;
  return `${attr(level, "target") ?? ""}:`;
}

export const fencing: ObjectKind = {
  word: "fencing_topology",
  aliases: ["fencing-topology"],
  elements: ["fencing-topology"],
  section: "fencing-topology",
  minWords: 1,
  usage: "{<node>: <device>[,<device>...] ...}... | <device>[,<device>...] ...",
  parse(all, context) {
    const levels: XmlElement[] = [];
    let targets: readonly Target[] | undefined;
    const last = new Map<Target, number>();
    for (const [position, word] of all.entries()) {
      const target = parseTarget(word, context);
      if (target !== undefined) {
        targets = [target];
        continue;
      }
      if (targets === undefined) {
        if (position > 0) throw syntaxError("fencing_topology", all.slice(position));
        targets = context.nodeNames.map((name) => ({ target: name }));
      }
      for (const each of targets) {
        const index = (last.get(each) ?? 0) + 1;
        last.set(each, index);
        levels.push(element("fencing-level", { ...each, devices: word, index: String(index) }));
      }
    }
    if (levels.length === 0) throw syntaxError("fencing_topology", all);
    return { element: element("fencing-topology", {}, sortByTarget(levels)) };
  },
  print(el, context) {
    const rows = new Map<string, string[]>();
    for (const level of childrenOf(el, "fencing-level")) {
      const target = targetWord(level);
      rows.set(target, [...(rows.get(target) ?? []), attr(level, "devices") ?? ""]);
    }
    const lines = [...rows].map(([target, devices]) => [target, devices.join(" ")] as const);
    const everyNode = context.nodeNames.map((name) => `${name}:`);
    const same = new Set(lines.map(([, devices]) => devices)).size === 1;
    const all = lines.length === everyNode.length && everyNode.every((n) => rows.has(n));
    if (same && all) return [`fencing_topology ${lines[0]?.[1] ?? ""}`];
    return ["fencing_topology", ...lines.map(([target, devices]) => `${target} ${devices}`)];
  },
};

/** Levels of one target stand together, in the order in which the targets were named. */
function sortByTarget(levels: readonly XmlElement[]): readonly XmlElement[] {
  const order = new Map<string, XmlElement[]>();
  for (const level of levels) {
    const key = targetWord(level);
    order.set(key, [...(order.get(key) ?? []), level]);
  }
  return [...order.values()].flat();
}
