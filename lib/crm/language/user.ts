/** `user ID role:ROLE …` (or rights of its own in old schemas), `acl_target ID ROLE …`, `acl_group ID ROLE …`. */
import { attr, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import type { ObjectKind } from "./kind.ts";
import { parsePermission, printPermission } from "./role.ts";
import { checkId, isModern, syntaxError, Words } from "./syntax.ts";

export const user: ObjectKind = {
  word: "user",
  elements: ["acl_user"],
  section: "acls",
  minWords: 2,
  usage: "<user> {role:<role> ... | {read|write|deny} <specification> ...}",
  parse(all, context) {
    const words = new Words(all);
    const id = checkId(words.next());
    const modern = isModern(context);
    const children: XmlElement[] = [];
    while (!words.done) {
      const given = /^role:(.+)$/.exec(words.peek() ?? "");
      if (given) {
        children.push(element(modern ? "role" : "role_ref", { id: given[1] }));
        words.skip();
      } else if (modern) throw syntaxError("user", words.rest());
      else children.push(...parsePermission("user", words, context));
    }
    // Schemas from 2.0 have targets where older ones have users.
    return { element: element(modern ? "acl_target" : "acl_user", { id }, children) };
  },
  print(el) {
    const lines = el.children.map((c) =>
      c.name === "role_ref" ? `role:${attr(c, "id")}` : printPermission(c),
    );
    return [`user ${attr(el, "id")}`, ...lines];
  },
};

function target(word: string): ObjectKind {
  return {
    word,
    elements: [word],
    section: "acls",
    minWords: 2,
    usage: "<name> <role> [<role>...]",
    since: 2,
    parse([id, ...roles]) {
      const children = roles.map((r) => element("role", { id: r.replace(/^role:/, "") }));
      if (children.length === 0) throw syntaxError(word, [id ?? ""]);
      return { element: element(word, { id: checkId(id ?? "") }, children) };
    },
    print(el) {
      const roles = childrenOf(el, "role").map((r) => attr(r, "id"));
      return [[word, attr(el, "id"), ...roles].join(" ")];
    },
  };
}

export const aclTarget = target("acl_target");
export const aclGroup = target("acl_group");
