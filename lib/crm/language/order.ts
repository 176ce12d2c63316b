/** `order ID KIND|SCORE: FIRST[:ACTION] THEN[:ACTION] [symmetrical=BOOL]`, or more resources as sets. */
import { attr, childrenOf, element } from "../../xml/node.ts";
import type { ObjectKind } from "./kind.ts";
import { meansSets, parseMember, parseSets, printMember, printSetWords } from "./resource-set.ts";
import { orderKind, scoreOfWord, scoreWord } from "./score.ts";
import { checkId, isModern, syntaxError } from "./syntax.ts";

export const order: ObjectKind = {
  word: "order",
  elements: ["rsc_order"],
  section: "constraints",
  minWords: 2,
  usage: "<id> {<kind>|<score>}: <first>[:<action>] <then>[:<action>] ... [symmetrical=<bool>]",
  parse(all, context) {
    const whole = () => syntaxError("order", ["order", ...all]);
    const attrs = new Map([["id", checkId(all[0] ?? "")]]);
    let tail = all.slice(1);
    const scored = /^(.+):$/.exec(tail[0] ?? "");
    if (scored) {
      const word = scored[1] ?? "";
      // `mandatory:` is the score word (stored as INFINITY), `Mandatory:` the kind: as in crmsh 1.2.6.
      const score = scoreOfWord(word);
      const kind = score === undefined ? orderKind(word, true) : undefined;
      if (kind !== undefined) attrs.set("kind", kind);
      else if (score !== undefined && isModern(context) && /^[+-]?\d+$/.test(word)) {
        // A number as the score of an order is deprecated in newer schemas; what it means stays.
        attrs.set("kind", Number(score) === 0 ? "Optional" : "Mandatory");
      } else if (score !== undefined) attrs.set("score", score);
      else throw whole();
      tail = tail.slice(1);
    } else if (!isModern(context)) throw whole();
    const symmetrical = tail.find((w) => w.startsWith("symmetrical="));
    const words = tail.filter((w) => w !== symmetrical);
    if (words.length < 2) throw whole();
    const last: readonly [string, string][] =
      symmetrical === undefined ? [] : [["symmetrical", symmetrical.slice("symmetrical=".length)]];
    if (meansSets(words, 2)) {
      const sets = parseSets("order", words, "action", context);
      return { element: element("rsc_order", new Map([...attrs, ...last]), sets) };
    }
    for (const [index, prefix] of ["first", "then"].entries()) {
      const member = parseMember(words[index] ?? "", "action", context);
      attrs.set(prefix, member.id);
      if (member.suffix !== undefined) attrs.set(`${prefix}-action`, member.suffix);
      if (member.instance !== undefined) attrs.set(`${prefix}-instance`, member.instance);
    }
    return { element: element("rsc_order", new Map([...attrs, ...last])) };
  },
  print(el) {
    const score = attr(el, "score");
    const kind = attr(el, "kind") ?? (score === undefined ? undefined : scoreWord(score));
    const head = ["order", attr(el, "id")];
    if (kind !== undefined) head.push(`${kind}:`);
    const sets = childrenOf(el, "resource_set");
    if (sets.length > 0) head.push(...printSetWords(sets, "action", 2));
    else {
      for (const prefix of ["first", "then"]) {
        const suffix = attr(el, `${prefix}-action`) ?? attr(el, `${prefix}-instance`);
        head.push(printMember(attr(el, prefix) ?? "", suffix));
      }
    }
    const symmetrical = attr(el, "symmetrical");
    if (symmetrical !== undefined) head.push(`symmetrical=${symmetrical}`);
    return [head.join(" ")];
  },
};
