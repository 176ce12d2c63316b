/** `property`, `rsc_defaults`, `op_defaults`: sets that are merged into the existing one of their id. */
import { attr, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import type { ObjectKind, SectionName } from "./kind.ts";
import { parsePlainPairs, printPairs } from "./nvset.ts";
import { parseRule, printRule } from "./rule.ts";
import { isModern, quoted, Words } from "./syntax.ts";

/** Id of the set that is used when none is named. */
export const DEFAULT_SET_IDS: Readonly<Record<string, string>> = {
  property: "cib-bootstrap-options",
  rsc_defaults: "rsc-options",
  op_defaults: "op-options",
};

function settings(word: string, name: string, section: SectionName): ObjectKind {
  return {
    word,
    elements: [name],
    section,
    minWords: 1,
    usage: "[$id=<set>] <option>=<value> [<option>=<value>...]",
    parse(all, context) {
      const words = new Words(all);
      const attrs = new Map<string, string>();
      const dollar = /^\$id=(.+)$/.exec(words.peek() ?? "");
      const named = isModern(context) ? /^([^=]+):$/.exec(words.peek() ?? "") : null;
      if (dollar ?? named) {
        attrs.set("id", (dollar ?? named)?.[1] ?? "");
        words.skip();
      }
      const rules: XmlElement[] = [];
      while (isModern(context) && words.peek() === "rule") {
        words.skip();
        rules.push(parseRule(words, context));
      }
      const pairs = parsePlainPairs(word, all, words.rest());
      return { element: element(name, attrs, [...rules, ...pairs]) };
    },
    print(el) {
      return [
        `${word} ${quoted("$id", attr(el, "id") ?? "")}`,
        ...childrenOf(el, "rule").map(printRule),
        ...printPairs(el),
      ];
    },
  };
}

export const property = settings("property", "cluster_property_set", "crm_config");
export const rscDefaults = settings("rsc_defaults", "meta_attributes", "rsc_defaults");
export const opDefaults = settings("op_defaults", "meta_attributes", "op_defaults");
