/** cibadmin --show-access: a CIB in which it can be seen what a user may read and write (spec/outputs-and-tools.md D5.1). */
import { type Access, evaluateAccess, permissionsOf } from "../../lib/cib/acl.ts";
import { COMMENT, element, type XmlElement } from "../../lib/xml/node.ts";
import { openTag, writeXml } from "../../lib/xml/write.ts";

/** How access is shown. */
export type AccessForm = "color" | "text" | "namespace";

const COLORS: Readonly<Record<Access, string>> = {
  readable: "\u001b[34m",
  writable: "\u001b[32m",
  denied: "\u001b[31m",
};
const RESET = "\u001b[0m";

const MARKS: Readonly<Record<Access, string>> = {
  readable: "vvv---[ READABLE ]---vvv",
  writable: "vvv---[ WRITABLE ]---vvv",
  denied: "vvv---[ ~DENIED~ ]---vvv",
};

const KINDS: readonly Access[] = ["writable", "readable", "denied"];

type Evaluate = (node: XmlElement, inherited: Access) => Access;

/** The CIB with marks, a final newline included. */
export function renderAccess(root: XmlElement, user: string, form: AccessForm): string {
  const access = evaluateAccess(root, permissionsOf(root, user));
  const heading = `<!-- ACLs as evaluated for user ${user} -->\n`;
  if (form === "namespace") return heading + writeXml(withNamespaces(root, access));
  const lines: string[] = [];
  if (form === "color") colored(root, "denied", access, "", lines);
  else marked(root, undefined, access, "", lines);
  return `${heading}${lines.join("\n")}\n`;
}

function withNamespaces(root: XmlElement, access: Evaluate): XmlElement {
  const rename = (node: XmlElement, inherited: Access | undefined): XmlElement => {
    if (node.name === COMMENT) return node;
    const own = access(node, inherited ?? "denied");
    const name = own === inherited ? node.name : `pcmk-access-${own}:${node.name}`;
    const children = node.children.map((c) => rename(c, own));
    if (inherited !== undefined) return element(name, node.attrs, children, node.text);
    const spaces = KINDS.map(
      (kind) =>
        [
          `xmlns:pcmk-access-${kind}`,
          `http://clusterlabs.org/ns/pacemaker/access/${kind}`,
        ] as const,
    );
    return element(name, new Map([...node.attrs, ...spaces]), children, node.text);
  };
  return rename(root, undefined);
}

function colored(
  node: XmlElement,
  inherited: Access,
  access: Evaluate,
  margin: string,
  lines: string[],
): void {
  const own = access(node, inherited);
  const color = COLORS[own];
  if (node.children.length === 0) {
    lines.push(`${margin}${color}${openTag(node)}/>${RESET}`);
    return;
  }
  lines.push(`${margin}${color}${openTag(node)}>`);
  for (const c of node.children) colored(c, own, access, `${margin}  `, lines);
  lines.push(`${margin}${color}</${node.name}>${RESET}`);
}

function marked(
  node: XmlElement,
  inherited: Access | undefined,
  access: Evaluate,
  margin: string,
  lines: string[],
): void {
  const own = access(node, inherited ?? "denied");
  if (own !== inherited) {
    if (inherited !== undefined) lines.push(margin);
    lines.push(`${margin}${MARKS[own]}`);
  }
  if (node.children.length === 0) {
    lines.push(`${margin}${openTag(node)}/>`);
    return;
  }
  lines.push(`${margin}${openTag(node)}>`);
  for (const c of node.children) marked(c, own, access, `${margin}  `, lines);
  lines.push(`${margin}</${node.name}>`);
}
