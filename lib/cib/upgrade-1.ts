/** From schema 1.3 to 2.0: access rules became roles with permissions (spec/scheduler-1 A.2). Nothing else changes. */
import { attr, element, type XmlElement } from "../xml/node.ts";
import { rewriteTree } from "./upgrade-tree.ts";

const KINDS: ReadonlySet<string> = new Set(["read", "write", "deny"]);

/** The step from 1.3. */
export function stepFrom1(root: XmlElement): XmlElement {
  return rewriteTree(root, (node, parent) => {
    if (KINDS.has(node.name) && (parent?.name === "acl_role" || parent?.name === "acl_user")) {
      return element("acl_permission", {
        id: attr(node, "id"),
        kind: node.name,
        xpath: attr(node, "xpath"),
        reference: attr(node, "ref"),
        "object-type": attr(node, "tag"),
        attribute: attr(node, "attribute"),
      });
    }
    if (node.name === "role_ref") return element("role", { id: attr(node, "id") });
    if (node.name !== "acl_user") return node;
    return userEntries(node);
  });
}

/** A user's own permissions move into a role made for the user. */
function userEntries(user: XmlElement): readonly XmlElement[] {
  const permissions = user.children.filter((c) => c.name === "acl_permission");
  const roles = user.children.filter((c) => c.name === "role");
  const id = attr(user, "id");
  if (permissions.length === 0) return [element("acl_target", { id }, roles)];
  const roleId = `auto-${id ?? ""}`;
  return [
    element("acl_target", { id }, [...roles, element("role", { id: roleId })]),
    element("acl_role", { id: roleId }, permissions),
  ];
}
