/**
 * Schema steps as pure functions: a CIB of an older schema becomes one of a newer, meaning the same
 * (spec/scheduler-1 A.2). A step runs only when the document holds something that the next schema no longer has.
 */
import { type Rejection, reject } from "../base/error.ts";
import { attr, withAttr, type XmlElement } from "../xml/node.ts";
import { NEWEST_SCHEMA, schemaName, schemaOf } from "./schema.ts";
import { stepFrom0 } from "./upgrade-0.ts";
import { stepFrom1 } from "./upgrade-1.ts";
import { stepFrom2 } from "./upgrade-2.ts";
import { stepFrom3 } from "./upgrade-3.ts";
import type { UpgradeStep } from "./upgrade-tree.ts";

/** A document of a newer schema, and what people should know about the way there. */
export interface Upgraded {
  readonly root: XmlElement;
  /** One line for each thing that was dropped or changed its place. */
  readonly notes: readonly string[];
}

/** Last schema before the step → step. */
const STEPS: readonly (readonly [number, UpgradeStep])[] = [
  [6, stepFrom0],
  [103, stepFrom1],
  [210, stepFrom2],
  [310, stepFrom3],
];

/**
 * Upgrades to schema `target` (a number, 4.0 = 400, the newest when absent) and names it in validate-with.
 * Documents of that schema or newer, and those with validation turned off, are returned as they are.
 */
export function upgradeRoot(
  root: XmlElement,
  target: number = NEWEST_SCHEMA,
): Upgraded | Rejection {
  const claimed = attr(root, "validate-with");
  const schema = schemaOf(claimed);
  if (schema === "none") return { root, notes: [] };
  if (schema === undefined) {
    return reject("schema", `unknown schema "${claimed ?? ""}" in validate-with`);
  }
  if (schema >= target) return { root, notes: [] };
  const notes: string[] = [];
  let result = root;
  for (const [last, step] of STEPS) {
    if (schema <= last && last < target) result = step(result, (text) => notes.push(text));
  }
  return { root: withAttr(result, "validate-with", schemaName(target)), notes };
}
