/** crm_resource -p and -d: where a value belongs, and the change that puts it there (spec/outputs-and-tools D8). */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { Errno, resultText } from "../../../lib/base/result-code.ts";
import { CallOption } from "../../../lib/cib/operations.ts";
import type { ResourceState } from "../../../lib/status/state.ts";
import { topOf } from "../../../lib/status/tree.ts";
import { attr, childrenOf, element, idOf, type XmlElement } from "../../../lib/xml/node.ts";
import { colocationsOf } from "./constraints.ts";
import {
  allResources,
  change,
  configId,
  failure,
  type ResourceContext,
  refuseInstance,
  wantedResource,
} from "./context.ts";
import { needed } from "./queries.ts";

type Action = "update" | "delete";

function setName(context: ResourceContext): string {
  if (context.given.flag("meta")) return "meta_attributes";
  return context.given.flag("utilization") ? "utilization" : "instance_attributes";
}

interface Found {
  readonly set: XmlElement;
  readonly pair: XmlElement;
}

/** Pairs of a name in a resource's own sets. */
function pairsIn(xml: XmlElement, kind: string, name: string): Found[] {
  return childrenOf(xml, kind).flatMap((set) =>
    childrenOf(set, "nvpair")
      .filter((pair) => attr(pair, "name") === name)
      .map((pair) => ({ set, pair })),
  );
}

function pairsBelow(xml: XmlElement, kind: string, name: string): Found[] {
  const deeper = xml.children.filter((c) => /^(primitive|group|clone|master)$/.test(c.name));
  return [...deeper.flatMap((c) => pairsBelow(c, kind, name)), ...pairsIn(xml, kind, name)];
}

function ownPair(context: ResourceContext, r: ResourceState, name: string): Found | undefined {
  const setId = context.given.value("set-name");
  const pairId = context.given.value("nvpair");
  return pairsIn(r.config.xml, setName(context), name).find(
    ({ set, pair }) =>
      (setId === undefined || idOf(set) === setId) &&
      (pairId === undefined || idOf(pair) === pairId),
  );
}

/** Each configured resource once: instances of a clone share their configuration. */
function children(resource: ResourceState): ResourceState[] {
  const seen = new Map<string, ResourceState>();
  for (const c of resource.children) if (!seen.has(configId(c))) seen.set(configId(c), c);
  return [...seen.values()];
}

function say(context: ResourceContext, text: string): void {
  if (!context.given.flag("quiet")) context.output.line(text);
}

/** Which resources a meta-attribute or utilization value is written to. */
function targets(
  context: ResourceContext,
  resource: ResourceState,
  name: string,
  action: Action,
): ResourceState[] {
  if (context.given.flag("force") || setName(context) === "instance_attributes") return [resource];
  const has = (r: ResourceState) => ownPair(context, r, name) !== undefined;
  const { parent } = resource;
  if (parent?.variant === "clone" && resource.variant === "primitive" && !has(resource)) {
    const id = configId(resource);
    say(context, `Performing ${action} of '${name}' on '${parent.id}', the parent of '${id}'`);
    return [parent];
  }
  const [only, ...more] = children(resource);
  if (
    resource.variant === "clone" &&
    only?.variant === "primitive" &&
    more.length === 0 &&
    has(only)
  ) {
    const id = configId(only);
    const text = `A value for '${name}' already exists in child '${id}', performing ${action} on that instead of '${resource.id}'`;
    say(context, text);
    return [only];
  }
  return withDescendants(context, resource, has);
}

function withDescendants(
  context: ResourceContext,
  resource: ResourceState,
  has: (r: ResourceState) => boolean,
): ResourceState[] {
  const below = children(resource).flatMap((c) =>
    withDescendants(context, c, has).filter((r) => r !== c || has(c)),
  );
  return [...below, resource];
}

/** --recursive: dependents that are colocated with one of `from` by a positive score, and theirs. */
function withDependents(context: ResourceContext, from: readonly ResourceState[]): ResourceState[] {
  const found = new Map(from.map((r) => [configId(r), r]));
  const queue = [...from];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const c of colocationsOf(context.status, configId(at), "primary")) {
      if (c.dependent === undefined) continue;
      if ((attr(c.xml, "score") ?? "INFINITY").startsWith("-") || found.has(c.dependent)) continue;
      const dependent = allResources(context.status).find((r) => configId(r) === c.dependent);
      if (dependent === undefined) continue;
      found.set(c.dependent, dependent);
      queue.push(dependent);
    }
  }
  return [...found.values()];
}

function warnMultiple(context: ResourceContext, resource: ResourceState, name: string): void {
  if (context.given.value("nvpair") !== undefined || context.given.flag("force")) return;
  const all = pairsBelow(topOf(resource).config.xml, setName(context), name);
  if (all.length < 2) return;
  say(context, `Multiple attributes match name=${name}`);
  for (const { pair } of all) say(context, `  Value: ${attr(pair, "value")} \t(id=${idOf(pair)})`);
  say(context, "");
}

/** An instance attribute of the name of a meta-attribute is nearly always a mistake. */
function refuseShadowing(context: ResourceContext, resource: ResourceState, name: string): void {
  if (setName(context) !== "instance_attributes" || context.given.flag("force")) return;
  const top = topOf(resource);
  const [found] = pairsBelow(top.config.xml, "meta_attributes", name);
  if (found === undefined) return;
  const id = idOf(found.pair);
  context.output.error(
    `WARNING: There is already a meta attribute for '${configId(top)}' called '${name}' (id=${id})`,
  );
  context.output.error(`         Delete '${id}' first or use the force option to override`);
  throw new CrmError(`Error performing operation: ${resultText(Errno.ENOTUNIQ)}`, Exit.multiple);
}

function elementFor(resource: ResourceState, inner: readonly XmlElement[]): XmlElement {
  const xml = resource.config.xml;
  return element(xml.name, { id: idOf(xml) }, inner);
}

async function setElementAttribute(
  context: ResourceContext,
  r: ResourceState,
  name: string,
  value: string,
) {
  await replaceElement(context, r, (attrs) => attrs.set(name, value));
  context.output.line(`Set attribute: name=${name} value=${value}`);
  return Exit.ok;
}

/** The resource as configured, with other attributes. */
async function replaceElement(
  context: ResourceContext,
  { config: { xml } }: ResourceState,
  edit: (attrs: Map<string, string>) => void,
): Promise<void> {
  const stored = context.status.cib.find(xml.name, idOf(xml)) ?? xml;
  const attrs = new Map(stored.attrs);
  edit(attrs);
  const data = element(xml.name, attrs, stored.children);
  await change(context, { op: "cib_replace", section: "resources", data });
}

/** -p NAME -v VALUE */
export async function setParameter(context: ResourceContext, name: string): Promise<number> {
  const value = needed(context.given.value("parameter-value"), "-v");
  const resource = wantedResource(context);
  refuseInstance(context, resource);
  if (context.given.flag("element")) return setElementAttribute(context, resource, name, value);
  refuseShadowing(context, resource, name);
  warnMultiple(context, resource, name);
  let chosen = targets(context, resource, name, "update");
  if (context.given.flag("recursive") && context.given.flag("meta")) {
    chosen = withDependents(context, chosen);
  }
  const rows: XmlElement[] = [];
  for (const target of chosen) rows.push(await setPair(context, target, name, value));
  context.output.xml(element("resource-settings", {}, rows));
  return Exit.ok;
}

async function setPair(
  context: ResourceContext,
  target: ResourceState,
  name: string,
  value: string,
): Promise<XmlElement> {
  const kind = setName(context);
  const id = configId(target);
  const found = ownPair(context, target, name);
  const setId =
    found === undefined ? (context.given.value("set-name") ?? `${id}-${kind}`) : idOf(found.set);
  const pairId =
    found === undefined ? (context.given.value("nvpair") ?? `${setId}-${name}`) : idOf(found.pair);
  const pair = element("nvpair", { id: pairId, name, value });
  const data = elementFor(target, [element(kind, { id: setId }, [pair])]);
  const options = CallOption.canCreate;
  await change(context, { op: "cib_modify", section: "resources", data, options });
  const set = found === undefined ? ` set=${setId}` : "";
  say(context, `Set '${id}' option: id=${pairId}${set} name=${name} value=${value}`);
  const shown = element("nvpair", { id: pairId, value, name });
  return elementFor(target, [element(kind, { id: setId }, [shown])]);
}

/** -d NAME */
export async function deleteParameter(context: ResourceContext, name: string): Promise<number> {
  const resource = wantedResource(context);
  refuseInstance(context, resource);
  if (context.given.flag("element")) return deleteElementAttribute(context, resource, name);
  warnMultiple(context, resource, name);
  for (const target of targets(context, resource, name, "delete")) {
    const found = ownPair(context, target, name);
    if (found === undefined) continue;
    const data = element("nvpair", { id: idOf(found.pair), name });
    await change(context, { op: "cib_delete", section: "resources", data });
    const set = context.given.value("set-name");
    const where = set === undefined ? "" : ` set=${set}`;
    say(
      context,
      `Deleted '${configId(target)}' option: id=${idOf(found.pair)}${where} name=${name}`,
    );
  }
  return Exit.ok;
}

async function deleteElementAttribute(context: ResourceContext, r: ResourceState, name: string) {
  if (/^(id|class|provider|type)$/.test(name)) {
    throw failure(Exit.invalidParameter, `'${name}' is part of what '${configId(r)}' is`);
  }
  await replaceElement(context, r, (attrs) => attrs.delete(name));
  context.output.line(`Deleted attribute: ${name}`);
  return Exit.ok;
}
