/** `colocation ID SCORE: RSC[:ROLE] WITH[:ROLE] [node-attribute=NAME]`, or more resources as sets. */
import { attr, childrenOf, element } from "../../xml/node.ts";
import type { ObjectKind } from "./kind.ts";
import { meansSets, parseMember, parseSets, printMember, printSetWords } from "./resource-set.ts";
import { scoreAttr, scoreWord } from "./score.ts";
import { checkId, syntaxError } from "./syntax.ts";

export const colocation: ObjectKind = {
  word: "colocation",
  aliases: ["collocation"],
  elements: ["rsc_colocation"],
  section: "constraints",
  minWords: 2,
  usage: "<id> <score>: <rsc>[:<role>] <with-rsc>[:<role>] ... [node-attribute=<name>]",
  parse(all, context) {
    const [id, scored, ...tail] = all;
    const whole = () => syntaxError("colocation", ["colocation", ...all]);
    const score = /^(.+):$/.exec(scored ?? "");
    if (!score) throw whole();
    const attrs = new Map([["id", checkId(id ?? "")]]);
    attrs.set(...scoreAttr(score[1] ?? ""));
    const near = tail.find((w) => w.startsWith("node-attribute="));
    const words = tail.filter((w) => w !== near);
    if (words.length < 2) throw whole();
    const nearAttr: readonly [string, string][] =
      near === undefined ? [] : [["node-attribute", near.slice("node-attribute=".length)]];
    if (meansSets(words, 2)) {
      const sets = parseSets("colocation", words, "role", context);
      return { element: element("rsc_colocation", new Map([...attrs, ...nearAttr]), sets) };
    }
    for (const [index, prefix] of ["rsc", "with-rsc"].entries()) {
      const member = parseMember(words[index] ?? "", "role", context);
      attrs.set(prefix, member.id);
      if (member.suffix !== undefined) attrs.set(`${prefix}-role`, member.suffix);
      if (member.instance !== undefined) attrs.set(`${prefix}-instance`, member.instance);
    }
    return { element: element("rsc_colocation", new Map([...attrs, ...nearAttr])) };
  },
  print(el) {
    const score = attr(el, "score");
    const shown = score === undefined ? attr(el, "score-attribute") : scoreWord(score);
    const head = ["colocation", attr(el, "id"), `${shown ?? "0"}:`];
    const sets = childrenOf(el, "resource_set");
    if (sets.length > 0) head.push(...printSetWords(sets, "role", 2));
    else {
      for (const prefix of ["rsc", "with-rsc"]) {
        const suffix = attr(el, `${prefix}-role`) ?? attr(el, `${prefix}-instance`);
        head.push(printMember(attr(el, prefix) ?? "", suffix));
      }
    }
    const near = attr(el, "node-attribute");
    if (near !== undefined) head.push(`node-attribute=${near}`);
    return [head.join(" ")];
  },
};
