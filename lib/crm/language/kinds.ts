/** The table of all kinds, in the order in which `configure show` lists them (spec/crm-commands.md section 11). */
import type { XmlElement } from "../../xml/node.ts";
import { alert } from "./alert.ts";
import { bundle } from "./bundle.ts";
import { colocation } from "./colocation.ts";
import { fencing } from "./fencing.ts";
import { clone, group, ms } from "./group.ts";
import type { ObjectKind } from "./kind.ts";
import { location } from "./location.ts";
import { node } from "./node.ts";
import { order } from "./order.ts";
import { primitive, template } from "./primitive.ts";
import { opDefaults, property, rscDefaults } from "./properties.ts";
import { role } from "./role.ts";
import { tag } from "./tag.ts";
import { ticket } from "./ticket.ts";
import { aclGroup, aclTarget, user } from "./user.ts";

export const kinds: readonly ObjectKind[] = [
  node,
  template,
  primitive,
  bundle,
  group,
  ms,
  clone,
  tag,
  location,
  colocation,
  order,
  ticket,
  fencing,
  property,
  rscDefaults,
  opDefaults,
  role,
  user,
  aclTarget,
  aclGroup,
  alert,
];

/** The kind a keyword means in a CIB of this schema. */
export function kindOfWord(word: string, schema: number): ObjectKind | undefined {
  const named = kinds.find((k) => k.word === word || k.aliases?.includes(word));
  if (named?.since !== undefined && schema < named.since) return undefined;
  // The spelling with a hyphen came with the newer shells.
  return word === "fencing-topology" && schema < 2 ? undefined : named;
}

/** The kind of an element in a section of the configuration. */
export function kindOfElement(element: XmlElement, section: string): ObjectKind | undefined {
  return kinds.find((k) => k.section === section && k.elements.includes(element.name));
}
