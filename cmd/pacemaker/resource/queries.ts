/** crm_resource's questions: list, raw ids, where, XML, parameters, operations, why (spec/outputs-and-tools D8). */
import { compareNames } from "../../../lib/base/collections.ts";
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { clusterXml, resourceXml } from "../../../lib/render/cluster-xml.ts";
import { executionStatus } from "../../../lib/render/current.ts";
import { ListWriter } from "../../../lib/render/list-writer.ts";
import { primitiveLine, writeResource, writeResources } from "../../../lib/render/status-lists.ts";
import { parametersOf } from "../../../lib/status/parameters.ts";
import { Role } from "../../../lib/status/roles.ts";
import type { Operation, ResourceHistory, ResourceState } from "../../../lib/status/state.ts";
import { currentNode, leavesOf, topOf } from "../../../lib/status/tree.ts";
import { clusterView } from "../../../lib/view/cluster-builder.ts";
import { DEFAULT_DISPLAY } from "../../../lib/view/display.ts";
import { primitiveView, resourceView, showingOf } from "../../../lib/view/resource-builder.ts";
import { element, type XmlElement } from "../../../lib/xml/node.ts";
import { writeXml } from "../../../lib/xml/write.ts";
import { localTime } from "../local-time.ts";
import { cdataElement } from "../tool-output.ts";
import {
  allResources,
  findResource,
  type ResourceContext,
  wantedNode,
  wantedResource,
} from "./context.ts";

const ALL = { ...DEFAULT_DISPLAY, inactive: true };

/** -L, and the default. */
export function list(context: ResourceContext): number {
  const view = clusterView(context.status);
  const out = new ListWriter();
  writeResources(out, view, ALL);
  context.output.raw(out.text());
  const only = { ...ALL, summary: false, nodes: false, failures: false };
  for (const node of clusterXml(view, only, () => "")) context.output.xml(node);
  return Exit.ok;
}

/** -l: ids of all primitives, instances included. */
export function listRaw(context: ResourceContext): number {
  const leaves = allResources(context.status).filter((r) => r.variant === "primitive");
  if (leaves.length === 0) {
    context.output.error("NO resources configured\n");
    return Exit.noSuch;
  }
  for (const leaf of leaves) context.output.line(leaf.id);
  const rows = leaves.map((leaf) => element("resource", { id: leaf.id }));
  context.output.xml(element("resources", {}, rows));
  return Exit.ok;
}

interface Place {
  readonly node: string;
  readonly promoted: boolean;
}

/** Where a resource runs, in the order found. */
export function placesOf(resource: ResourceState): Place[] {
  return leavesOf(resource).flatMap((leaf) =>
    leaf.active.map((n) => ({ node: n.name, promoted: leaf.role === Role.promoted })),
  );
}

/** The base name of instances means all of them. */
function searched(context: ResourceContext): ResourceState[] {
  const name = context.given.value("resource") ?? "";
  const found = wantedResource(context);
  if (found.id === name && found.name !== name) return [found];
  const shared = allResources(context.status).filter((r) => r.name === found.name);
  return shared.length === 0 ? [found] : shared;
}

/** -W */
export function locate(context: ResourceContext): number {
  const { output, given } = context;
  const name = given.value("resource") ?? "";
  const places = searched(context)
    .flatMap(placesOf)
    .sort((a, b) => compareNames(a.node, b.node));
  const rows = places.map((p) =>
    element("node", { state: p.promoted ? "promoted" : undefined }, [], p.node),
  );
  output.xml(element("nodes", { resource: name }, rows));
  if (places.length === 0) {
    if (!output.isXml) output.error(`resource ${name} is NOT running`);
    return Exit.ok;
  }
  for (const p of places) {
    if (given.flag("quiet")) output.line(p.node);
    else output.line(`resource ${name} is running on: ${p.node}${p.promoted ? " Promoted" : ""}`);
  }
  return Exit.ok;
}

/** -q, -w: status line and XML of one resource. */
export function queryXml(context: ResourceContext, raw: boolean): number {
  const resource = wantedResource(context);
  const view = resourceView(resource, context.status.nodes, showingOf(context.status));
  const out = new ListWriter();
  writeResource(out, view, ALL);
  const { config } = resource;
  const source = raw ? context.status.cib.find(config.xml.name, config.id) : undefined;
  const text = writeXml(source ?? config.xml, { indent: true });
  context.output.raw(`${out.text()}Resource XML:\n${text}`);
  context.output.xml(
    element("resource_config", {}, [resourceXml(view), cdataElement("xml", text)]),
  );
  return Exit.ok;
}

function parameterValue(context: ResourceContext, resource: ResourceState, name: string) {
  const { given, status } = context;
  if (given.flag("element")) return resource.config.xml.attrs.get(name);
  if (given.flag("meta")) return resource.meta.get(name);
  if (given.flag("utilization")) return resource.utilization.get(name)?.toString();
  const several = resource.active.length > 1;
  if (several) {
    const what = `returning the default value for ${name}`;
    context.output.log(`${resource.id} is active on more than one node, ${what}`);
  }
  const recheckAt = () => {};
  const surroundings = { cib: status.cib, now: status.now, recheckAt };
  return parametersOf(surroundings, resource, several ? undefined : currentNode(resource)).get(
    name,
  );
}

/** -g */
export function getParameter(context: ResourceContext, name: string): number {
  const { output } = context;
  const resource = wantedResource(context);
  const value = parameterValue(context, resource, name);
  if (value === undefined) {
    const shown = context.given.value("resource") ?? resource.id;
    output.error(`Attribute '${name}' not found for '${shown}'`);
    // A missing attribute of the element itself is an answer, not an error.
    return context.given.flag("element") ? Exit.ok : Exit.noSuch;
  }
  output.line(value);
  output.xml(element("item", {}, [], value));
  return Exit.ok;
}

function operationText(op: Operation): string {
  const exec = op.xml.attrs.get("exec-time") ?? "0";
  const times =
    op.lastRcChange === undefined
      ? ""
      : `, last-rc-change='${localTime(op.lastRcChange)}', exec=${exec}ms`;
  return `call=${op.callId}, rc=${op.rc}${times}): ${executionStatus(op.status)}`;
}

function operationXml(
  op: Operation,
  history: ResourceHistory,
  resource: ResourceState | undefined,
): XmlElement {
  const config = resource?.config;
  return element("operation", {
    op: op.key,
    node: history.node.name,
    call: String(op.callId),
    rc: String(op.rc),
    status: executionStatus(op.status),
    rsc: history.id,
    agent:
      config?.kind === "primitive"
        ? `${config.standard}:${config.provider ?? ""}:${config.agent}`
        : undefined,
    "last-rc-change": op.lastRcChange === undefined ? undefined : localTime(op.lastRcChange),
    "exec-time": op.xml.attrs.get("exec-time"),
  });
}

/** -O (since the last stop), -o (all). */
export function listOperations(context: ResourceContext, all: boolean): number {
  const node = wantedNode(context);
  const name = context.given.value("resource");
  const showing = showingOf(context.status);
  const rows: XmlElement[] = [];
  for (const history of context.status.histories) {
    if (node !== undefined && history.node !== node) continue;
    if (name !== undefined && history.id !== name) continue;
    const resource = findResource(context.status, history.id);
    const { startIndex, stopIndex } = history;
    const active = startIndex > stopIndex ? startIndex : stopIndex + 1;
    const from = all ? 0 : active;
    for (const op of history.operations.slice(from)) {
      const head =
        resource === undefined
          ? `Unknown resource ${history.id}`
          : primitiveLine(primitiveView(resource, showing), { name: history.id, node: false });
      context.output.line(`${head}: ${op.key} (node=${history.node.name}, ${operationText(op)}`);
      rows.push(operationXml(op, history, resource));
    }
  }
  if (rows.length > 0) context.output.xml(element("operations", {}, rows));
  return Exit.ok;
}

interface Check {
  readonly id: string;
  readonly xml: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What keeps a resource from doing what one expects. */
function checksOf(context: ResourceContext, resource: ResourceState): Check[] {
  const parent = topOf(resource);
  const found: Check[] = [];
  const add = (xml: Readonly<Record<string, string>>, text: string) =>
    found.push({ id: parent.id, xml, text });
  const target = (
    parent.meta.get("target-role") ??
    resource.meta.get("target-role") ??
    ""
  ).toLowerCase();
  if (target === "stopped") {
    add({ remain_stopped: "true" }, `Configuration specifies '${parent.id}' should remain stopped`);
  } else if (target === "slave" || target === "unpromoted") {
    add({ promotable: "false" }, `Configuration specifies '${parent.id}' should not be promoted`);
  }
  if (!parent.managed) {
    const text = `Configuration prevents cluster from stopping or starting unmanaged '${parent.id}'`;
    add({ unmanaged: "true" }, text);
  }
  const lock = resource.lockNode;
  if (lock !== undefined) {
    add(
      { "locked-to": lock.name },
      `'${parent.id}' is locked to node ${lock.name} due to shutdown`,
    );
  }
  const node = wantedNode(context);
  const strategy = context.status.options.healthStrategy;
  const health = clusterView(context.status).nodes.find((n) => n.name === node?.name)?.health;
  if (node !== undefined && strategy !== "none" && health === "red") {
    const text = `'${parent.id}' cannot run on unhealthy nodes due to node-health-strategy='${strategy}'`;
    add({ unhealthy: "true" }, text);
  }
  return found;
}

/** -Y */
export function why(context: ResourceContext): number {
  const { output, status } = context;
  const node = wantedNode(context);
  const named = context.given.value("resource") === undefined ? undefined : wantedResource(context);
  const out = new ListWriter();
  out.begin("Resource Reasons");
  const xml: XmlElement[] = [];
  const subjects = named === undefined ? status.resources : [named];
  for (const resource of subjects) {
    const places = placesOf(resource);
    const running = places.length > 0;
    const here = places.some((p) => p.node === node?.name);
    if (node === undefined) {
      out.item(`Resource ${resource.id} is ${running ? "running" : "not running"}`);
    } else
      out.item(
        `Resource ${resource.id} is ${here ? "running" : "not running"} on host ${node.name}`,
      );
    const checks = checksOf(context, resource);
    for (const check of checks) out.item(check.text);
    for (const check of checks) xml.push(element("check", { id: check.id, ...check.xml }));
  }
  out.end();
  output.raw(out.text());
  const running =
    named === undefined || node !== undefined ? undefined : placesOf(named).length > 0;
  output.xml(
    element("reason", { running: running === undefined ? undefined : String(running) }, xml),
  );
  return Exit.ok;
}

/** Commands that need a value say so before anything else. */
export function needed(value: string | undefined, option: string): string {
  if (value === undefined)
    throw new CrmError(`You need to supply a value with the ${option} option`, Exit.usage);
  return value;
}
