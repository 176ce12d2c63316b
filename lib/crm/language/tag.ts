/** `tag ID[:] REF …`: a name for several objects. */
import { attr, element } from "../../xml/node.ts";
import type { ObjectKind } from "./kind.ts";
import { checkId, syntaxError } from "./syntax.ts";

export const tag: ObjectKind = {
  word: "tag",
  elements: ["tag"],
  section: "tags",
  minWords: 2,
  usage: "<tag>[:] <id> [<id>...]",
  since: 1.03,
  parse([name, ...references]) {
    const id = checkId((name ?? "").replace(/:$/, ""));
    if (references.length === 0) throw syntaxError("tag", [name ?? ""]);
    return {
      element: element(
        "tag",
        { id },
        references.map((r) => element("obj_ref", { id: r })),
      ),
    };
  },
  print(el) {
    return [["tag", attr(el, "id"), ...el.children.map((c) => attr(c, "id"))].join(" ")];
  },
};
