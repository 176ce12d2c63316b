/** `node [$id=ID] NAME[:TYPE] [attributes …] [utilization …]`. */
import { attr, element } from "../../xml/node.ts";
import { type ObjectKind, printDescription, takeDescription } from "./kind.ts";
import { parseSet, printSets, SET_ELEMENTS } from "./nvset.ts";
import { isModern, quoted, syntaxError, Words } from "./syntax.ts";

const SECTIONS = new Set(["attributes", "utilization"]);
/** Types that say nothing: a member of the ring. */
const PLAIN_TYPES = new Set(["normal", "member"]);

export const node: ObjectKind = {
  word: "node",
  elements: ["node"],
  section: "nodes",
  minWords: 1,
  usage: "[$id=<id>] <uname>[:<type>] [description=<text>] [attributes ...] [utilization ...]",
  parse(all, context) {
    const words = new Words(all);
    let id: string | undefined;
    const given = /^\$id=(.+)$/.exec(words.peek() ?? "");
    const numbered = isModern(context) ? /^(.+):$/.exec(words.peek() ?? "") : null;
    if (given ?? numbered) {
      id = (given ?? numbered)?.[1];
      words.skip();
    }
    const [uname, type] = words.next().split(":", 2);
    if (uname === undefined || uname === "") throw syntaxError("node", all);
    const description = takeDescription(words);
    const sets = [];
    if (isModern(context) && (words.peek() ?? "").includes("=")) {
      sets.push(parseSet("instance_attributes", words, SECTIONS, context));
    }
    while (!words.done) {
      const rest = words.rest();
      const word = words.next();
      if (!SECTIONS.has(word)) throw syntaxError("node", rest);
      sets.push(parseSet(SET_ELEMENTS[word] ?? word, words, SECTIONS, context));
    }
    const shownType = type === undefined || PLAIN_TYPES.has(type) ? undefined : type;
    return { element: element("node", { uname, type: shownType, id, description }, sets) };
  },
  print(el, context) {
    const id = attr(el, "id") ?? "";
    const uname = attr(el, "uname") ?? id;
    const type = attr(el, "type");
    const suffix = type === undefined || PLAIN_TYPES.has(type) ? "" : `:${type}`;
    const head = id === uname ? "node" : `node ${quoted("$id", id)}`;
    return [
      `${head} ${uname}${suffix}`,
      ...printDescription(el),
      ...printSets(el, context, "attributes"),
    ];
  },
};
