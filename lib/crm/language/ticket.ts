/** `rsc_ticket ID TICKET: RSC[:ROLE] … [loss-policy=POLICY]`. */
import { attr, childrenOf, element } from "../../xml/node.ts";
import type { ObjectKind } from "./kind.ts";
import { meansSets, parseMember, parseSets, printMember, printSetWords } from "./resource-set.ts";
import { checkId, LanguageError, syntaxError } from "./syntax.ts";

export const ticket: ObjectKind = {
  word: "rsc_ticket",
  elements: ["rsc_ticket"],
  section: "constraints",
  minWords: 2,
  usage: "<id> <ticket>: <rsc>[:<role>] ... [loss-policy={stop|demote|fence|freeze}]",
  parse(all, context) {
    const name = /^(.+):$/.exec(all[1] ?? "");
    if (!name) throw new LanguageError(`syntax in rsc_ticket near <${all[1] ?? ""}>`);
    const attrs = new Map([
      ["id", checkId(all[0] ?? "")],
      ["ticket", name[1] ?? ""],
    ]);
    const policy = all.slice(2).find((w) => w.startsWith("loss-policy="));
    const words = all.slice(2).filter((w) => w !== policy);
    if (words.length === 0) throw syntaxError("rsc_ticket", ["rsc_ticket", ...all]);
    const last: readonly [string, string][] =
      policy === undefined ? [] : [["loss-policy", policy.slice("loss-policy=".length)]];
    if (meansSets(words, 1)) {
      const sets = parseSets("rsc_ticket", words, "role", context);
      return { element: element("rsc_ticket", new Map([...attrs, ...last]), sets) };
    }
    const member = parseMember(words[0] ?? "", "role", context);
    attrs.set("rsc", member.id);
    if (member.suffix !== undefined) attrs.set("rsc-role", member.suffix);
    return { element: element("rsc_ticket", new Map([...attrs, ...last])) };
  },
  print(el) {
    const head = ["rsc_ticket", attr(el, "id"), `${attr(el, "ticket")}:`];
    const sets = childrenOf(el, "resource_set");
    if (sets.length > 0) head.push(...printSetWords(sets, "role", 1));
    else head.push(printMember(attr(el, "rsc") ?? "", attr(el, "rsc-role")));
    const policy = attr(el, "loss-policy");
    if (policy !== undefined) head.push(`loss-policy=${policy}`);
    return [head.join(" ")];
  },
};
