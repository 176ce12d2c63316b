/**
 * The CIB as the scheduler gets it: the copy with the values that only the controller knows (spec/runtime.md 2.1 point 3),
 * and with the cautions of HOUSE rules 9 (abandoned nodes) and "never pretend to fence".
 */
import { isRejection } from "../../base/error.ts";
import { type CibDoc, cibDoc, section } from "../../cib/document.ts";
import { upgradeRoot } from "../../cib/upgrade.ts";
import {
  attr,
  child,
  childrenOf,
  element,
  idOf,
  withAppended,
  withAttr,
  withChild,
  withChildren,
  type XmlElement,
} from "../../xml/node.ts";
import { clusterOption, isTrue } from "../cib/deliver.ts";
import { isKnownDown } from "../cib/status.ts";

export interface SchedulingFacts {
  readonly controllerId: string;
  readonly quorate: boolean;
  /** CIB ids of ring members whose manager has gone and not come back. */
  readonly abandoned: readonly string[];
}

function withConfigurationSection(
  doc: CibDoc,
  name: string,
  edit: (node: XmlElement) => XmlElement,
): CibDoc {
  const configuration = child(doc.root, "configuration");
  const before = configuration === undefined ? undefined : child(configuration, name);
  if (configuration === undefined || before === undefined) return doc;
  const after = edit(before);
  if (after === before) return doc;
  return cibDoc(withChild(doc.root, configuration, withChild(configuration, before, after)));
}

/** Elements of `resources` with every primitive passed through `edit`; undefined removes it. */
function mapPrimitives(
  node: XmlElement,
  edit: (primitive: XmlElement) => XmlElement | undefined,
): XmlElement {
  let changed = false;
  const children: XmlElement[] = [];
  for (const c of node.children) {
    const after = c.name === "primitive" ? edit(c) : mapPrimitives(c, edit);
    if (after !== c) changed = true;
    if (after !== undefined) children.push(after);
  }
  return changed ? withChildren(node, children) : node;
}

/** Ids of primitives of class stonith. */
export function fenceDevices(doc: CibDoc): readonly string[] {
  const found: string[] = [];
  const resources = section(doc, "resources");
  if (resources === undefined) return found;
  mapPrimitives(resources, (primitive) => {
    if (attr(primitive, "class") === "stonith") found.push(idOf(primitive));
    return primitive;
  });
  return found;
}

/** Is fencing enabled (the default)? */
export function fencingEnabled(doc: CibDoc): boolean {
  const value = clusterOption(doc, "stonith-enabled") ?? clusterOption(doc, "fencing-enabled");
  return isTrue(value, true);
}

/** Ids of resources whose last word from this node is "running" or unknown. */
function activeOn(doc: CibDoc, nodeId: string): ReadonlySet<string> {
  const active = new Set<string>();
  const state = section(doc, "status")?.children.find((c) => idOf(c) === nodeId);
  const lrm = state === undefined ? undefined : child(state, "lrm");
  const list = lrm === undefined ? undefined : child(lrm, "lrm_resources");
  for (const resource of list?.children ?? []) {
    if (!isKnownDown(resource)) active.add(idOf(resource));
  }
  return active;
}

function unmanaged(primitive: XmlElement): XmlElement {
  const pair = element("nvpair", {
    id: `quorate-abandoned-${idOf(primitive)}-is-managed`,
    name: "is-managed",
    value: "false",
  });
  const block = element("meta_attributes", { id: `quorate-abandoned-${idOf(primitive)}` }, [pair]);
  return withChildren(primitive, [block, ...primitive.children]);
}

/**
 * Rule 9 without fencing: what may still run on a node whose manager does not come back stays where it is, so it is
 * scheduled as unmanaged.
 */
function withAbandoned(doc: CibDoc, nodeIds: readonly string[]): CibDoc {
  if (nodeIds.length === 0 || fencingEnabled(doc)) return doc;
  const active = new Set(nodeIds.flatMap((id) => [...activeOn(doc, id)]));
  return withConfigurationSection(doc, "resources", (resources) =>
    mapPrimitives(resources, (primitive) =>
      active.has(idOf(primitive)) ? unmanaged(primitive) : primitive,
    ),
  );
}

/** Fencing is not there yet: without its devices the scheduler starts nothing, and says so. */
function withoutFenceDevices(doc: CibDoc): CibDoc {
  if (!fencingEnabled(doc)) return doc;
  return withConfigurationSection(doc, "resources", (resources) =>
    mapPrimitives(resources, (primitive) =>
      attr(primitive, "class") === "stonith" ? undefined : primitive,
    ),
  );
}

function withOption(doc: CibDoc, name: string, value: string): CibDoc {
  return withConfigurationSection(doc, "crm_config", (config) => {
    const set = childrenOf(config, "cluster_property_set").find(
      (c) => idOf(c) === "cib-bootstrap-options",
    );
    const pair = element("nvpair", { id: `cib-bootstrap-options-${name}`, name, value });
    if (set === undefined) {
      return withAppended(
        config,
        element("cluster_property_set", { id: "cib-bootstrap-options" }, [pair]),
      );
    }
    const before = childrenOf(set, "nvpair").find((c) => attr(c, "name") === name);
    const after =
      before === undefined
        ? withAppended(set, pair)
        : withChild(set, before, withAttr(before, "value", value));
    return withChild(config, set, after);
  });
}

/** The scheduler's input. */
export function schedulingInput(doc: CibDoc, facts: SchedulingFacts): CibDoc {
  let root = withAttr(doc.root, "dc-uuid", facts.controllerId);
  root = withAttr(root, "have-quorum", facts.quorate ? "1" : "0");
  const copy = withOption(cibDoc(root), "have-watchdog", "false");
  const careful = withoutFenceDevices(withAbandoned(copy, facts.abandoned));
  const upgraded = upgradeRoot(careful.root);
  return isRejection(upgraded) || upgraded.root === careful.root ? careful : cibDoc(upgraded.root);
}
