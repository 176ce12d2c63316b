/** Looking into a tree: sections by name, entries as numbers and switches. */
import { misspelt } from "./schema.ts";
import { type ConfNode, type Entry, entryOf, type Section } from "./tree.ts";

/** Merges repeated sections of one name, as the originals do. */
export function merged(children: readonly ConfNode[], name: string): readonly ConfNode[] {
  return sections(children, name).flatMap((s) => s.children);
}

export function sections(children: readonly ConfNode[], name: string): readonly Section[] {
  return children.filter(
    (c): c is Section => c.kind === "section" && (misspelt[c.name] ?? c.name) === name,
  );
}

export const isOn = (entry: Entry | undefined) => entry?.value === "on" || entry?.value === "yes";

export function numberOf(children: readonly ConfNode[], key: string): number | undefined {
  const entry = entryOf(children, key);
  return entry === undefined ? undefined : Number(entry.value);
}

/** Line of the section that holds these children. */
export function sectionLine(children: readonly ConfNode[]): number {
  return Math.max(0, (children[0]?.line ?? 1) - 1);
}
