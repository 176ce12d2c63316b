/** A patchset as people and logs read it (spec/outputs-and-tools.md D2.3). */
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";
import { writeXml } from "../xml/write.ts";

function versionLine(patchset: XmlElement, name: string): string | undefined {
  const version = child(patchset, "version");
  const node = version === undefined ? undefined : child(version, name);
  if (node === undefined) return undefined;
  return ["admin_epoch", "epoch", "num_updates"].map((key) => attr(node, key) ?? "0").join(".");
}

/** The lines of a patchset (format 2), in the order of its changes. */
export function patchsetLines(patchset: XmlElement): readonly string[] {
  const lines: string[] = [];
  const source = versionLine(patchset, "source");
  const target = versionLine(patchset, "target");
  if (source !== undefined && target !== undefined) {
    lines.push(`Diff: --- ${source} ${attr(patchset, "format") ?? "1"}`);
    lines.push(`Diff: +++ ${target} ${attr(patchset, "digest") ?? "(no digest)"}`);
  }
  for (const change of childrenOf(patchset, "change")) lines.push(...changeLines(change));
  return lines;
}

function changeLines(change: XmlElement): readonly string[] {
  const path = attr(change, "path") ?? "";
  const position = attr(change, "position");
  switch (attr(change, "operation")) {
    case "create":
      return createdLines(change, path);
    case "move":
      return [`+~ ${path} moved to offset ${position ?? "0"}`];
    case "delete":
      return [`-- ${path}${position === undefined ? "" : ` (${position})`}`];
    case "modify":
      return modifiedLines(change, path);
    default:
      return [];
  }
}

/** The first line stands behind the path, the others below it. */
function createdLines(change: XmlElement, path: string): readonly string[] {
  const created = change.children[0];
  if (created === undefined) return [];
  const prefix = `++ ${path}:  `;
  const lines = writeXml(created).trimEnd().split("\n");
  const margin = "++ ".padEnd(prefix.length);
  return lines.map((line, index) => (index === 0 ? prefix + line : margin + line));
}

function modifiedLines(change: XmlElement, path: string): readonly string[] {
  const list = child(change, "change-list");
  const changes = list === undefined ? [] : childrenOf(list, "change-attr");
  const set = changes.filter((c) => attr(c, "operation") === "set");
  const unset = changes.filter((c) => attr(c, "operation") === "unset");
  const lines: string[] = [];
  if (set.length > 0) {
    const words = set.map((c) => `@${attr(c, "name") ?? ""}=${attr(c, "value") ?? ""}`);
    lines.push(`+  ${path}:  ${words.join(", ")}`);
  }
  if (unset.length > 0) {
    lines.push(`-- ${path}:  ${unset.map((c) => `@${attr(c, "name") ?? ""}`).join(", ")}`);
  }
  return lines;
}
