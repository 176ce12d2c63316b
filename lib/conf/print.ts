/** Writes a tree as corosync.conf: tabs by depth, comments where they were. parse(print(x)) gives x again. */
import type { ConfNode } from "./tree.ts";

function withComment(text: string, comment: string): string {
  return comment === "" ? text : `${text} ${comment}`;
}

function lines(node: ConfNode, indent: string): readonly string[] {
  switch (node.kind) {
    case "remark":
      return [node.comment === "" ? "" : `${indent}${node.comment}`];
    case "entry":
      return [withComment(`${indent}${node.key}: ${node.value}`, node.comment)];
    case "section":
      return [
        withComment(`${indent}${node.name} {`, node.comment),
        ...node.children.flatMap((child) => lines(child, `${indent}\t`)),
        withComment(`${indent}}`, node.endComment),
      ];
  }
}

export function printConf(children: readonly ConfNode[]): string {
  return children
    .flatMap((node) => lines(node, ""))
    .map((line) => `${line}\n`)
    .join("");
}
