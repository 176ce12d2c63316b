/** crm_resource --move, --ban, --clear: location constraints with names of their own (spec/outputs-and-tools D8). */
import { CrmError, isRejection } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { CallOption } from "../../../lib/cib/operations.ts";
import { zoneOffset } from "../../../lib/runtime/zone.ts";
import { rulePasses } from "../../../lib/status/nvsets.ts";
import type { ResourceState } from "../../../lib/status/state.ts";
import { topOf } from "../../../lib/status/tree.ts";
import { addDuration, parseDuration } from "../../../lib/time/duration.ts";
import { dateTimeText } from "../../../lib/time/iso8601.ts";
import { attr, child, element, type XmlElement } from "../../../lib/xml/node.ts";
import {
  change,
  configId,
  failure,
  freshStatus,
  type ResourceContext,
  refuseInstance,
  wantedNode,
  wantedResource,
} from "./context.ts";
import { placesOf } from "./queries.ts";

/** The end of -u's duration as text; undefined without -u. */
function lifetimeEnd(context: ResourceContext): string | undefined {
  const given = context.given.value("lifetime");
  if (given === undefined) return undefined;
  const duration = parseDuration(given);
  if (isRejection(duration)) {
    throw failure(
      Exit.invalidParameter,
      `Invalid duration specified: ${given}\nPlease refer to https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations`,
    );
  }
  const epoch = Math.floor(context.session.now() / 1000);
  const end = dateTimeText(addDuration({ epoch, offset: zoneOffset(epoch) }, duration));
  context.output.line(`Migration will take effect until: ${end}`);
  return end;
}

function wantsPromoted(context: ResourceContext, resource: ResourceState): boolean {
  const asked = context.given.flag("promoted");
  if (asked && !topOf(resource).promotable) {
    context.output.line(`Ignoring --promoted option: ${resource.id} is not promotable`);
    return false;
  }
  return asked;
}

interface Preference {
  readonly id: string;
  readonly node: string;
  readonly score: "INFINITY" | "-INFINITY";
  readonly ruleId: string;
  readonly expressionId: string;
  readonly lifetimeId: string;
}

/** One constraint; with a lifetime it is a rule that ends. */
function constraintXml(
  resource: string,
  role: string,
  p: Preference,
  end: string | undefined,
): XmlElement {
  if (end === undefined) {
    return element("rsc_location", { id: p.id, rsc: resource, role, node: p.node, score: p.score });
  }
  const expression = element("expression", {
    id: p.expressionId,
    attribute: "#uname",
    operation: "eq",
    value: p.node,
    type: "string",
  });
  const date = element("date_expression", { id: p.lifetimeId, operation: "lt", end });
  const rule = element("rule", { id: p.ruleId, score: p.score, "boolean-op": "and" }, [
    expression,
    date,
  ]);
  return element("rsc_location", { id: p.id, rsc: resource, role }, [rule]);
}

async function put(context: ResourceContext, data: XmlElement): Promise<void> {
  const options = CallOption.canCreate;
  await change(context, { op: "cib_modify", section: "constraints", data, options });
}

async function banFrom(
  context: ResourceContext,
  resource: ResourceState,
  node: string,
  end: string | undefined,
  promoted: boolean,
): Promise<void> {
  const id = configId(resource);
  const banId = `cli-ban-${id}-on-${node}`;
  const ban = constraintXml(
    id,
    promoted ? "Promoted" : "Started",
    {
      id: banId,
      node,
      score: "-INFINITY",
      ruleId: `${banId}-rule`,
      expressionId: `${banId}-expr`,
      lifetimeId: `${banId}-lifetime`,
    },
    end,
  );
  if (!context.given.flag("quiet")) {
    const what = promoted ? "being promoted" : "running";
    context.output.line(
      `WARNING: Creating rsc_location constraint '${banId}' with a score of -INFINITY for resource ${id} on ${node}.\n` +
        `\tThis will prevent ${id} from ${what} on ${node} until the constraint is removed using the clear option or by editing the CIB with an appropriate tool.\n` +
        `\tThis will be the case even if ${node} is the last node in the cluster`,
    );
  }
  await put(context, ban);
}

/** The one place to ban from when no node is named. */
function onlyPlace(context: ResourceContext, resource: ResourceState): string {
  const places = placesOf(resource);
  const nodes = [...new Set(places.map((p) => p.node))];
  const promoted = places.filter((p) => p.promoted).map((p) => p.node);
  const [node] = nodes;
  if (nodes.length === 1 && node !== undefined) return node;
  const id = context.given.value("resource") ?? resource.id;
  if (topOf(resource).promotable) {
    if (promoted.length === 1 && promoted[0] !== undefined) return promoted[0];
    throw new CrmError(
      `Resource '${id}' not moved: active in ${nodes.length} locations (promoted in ${promoted.length}).\n` +
        `To prevent '${id}' from running on a specific location, specify a node.` +
        `To prevent '${id}' from being promoted at a specific location, specify a node and the --promoted option.`,
      Exit.usage,
    );
  }
  throw new CrmError(
    `Resource '${id}' not moved: active in ${nodes.length} locations.\n` +
      `To prevent '${id}' from running on a specific location, specify a node.`,
    Exit.usage,
  );
}

/** -B */
export async function ban(context: ResourceContext): Promise<number> {
  const node = wantedNode(context);
  const resource = wantedResource(context);
  refuseInstance(context, resource);
  const promoted = wantsPromoted(context, resource);
  const where = node?.name ?? onlyPlace(context, resource);
  await banFrom(context, resource, where, lifetimeEnd(context), promoted);
  return Exit.ok;
}

/** -M: to a node, or away from where it is. */
export async function move(context: ResourceContext): Promise<number> {
  const node = wantedNode(context);
  const asked = wantedResource(context);
  refuseInstance(context, asked);
  if (node === undefined) return ban(context);
  const resource = parentForMove(context, asked);
  const places = placesOf(resource);
  const promoted = wantsPromoted(context, resource);
  const counted = promoted ? places.filter((p) => p.promoted) : places;
  // The members of a group are in one place when they are on one node.
  const relevant = [...new Set(counted.map((p) => p.node))];
  const force = context.given.flag("force");
  if (relevant.length === 1 && relevant[0] === node.name && !force) throw failure(Exit.exists);
  if (relevant.length > 1 && resource.variant !== "clone" && !force) throw failure(Exit.multiple);
  await removeConstraints(
    context,
    resource,
    undefined,
    (c) => c.id === `cli-prefer-${configId(resource)}`,
  );
  await removeConstraints(context, resource, node.name, isBan);
  const id = configId(resource);
  const end = lifetimeEnd(context);
  const prefer: Preference = {
    id: `cli-prefer-${id}`,
    node: node.name,
    score: "INFINITY",
    ruleId: `cli-prefer-rule-${id}`,
    expressionId: `cli-prefer-expr-${id}`,
    lifetimeId: `cli-prefer-lifetime-end-${id}`,
  };
  await put(context, constraintXml(id, promoted ? "Promoted" : "Started", prefer, end));
  const current = relevant.length === 1 ? relevant[0] : undefined;
  if (force && current !== undefined && current !== node.name) {
    await banFrom(context, resource, current, end, promoted);
  }
  return Exit.ok;
}

/** A member of a promotable clone moves with its clone. */
function parentForMove(context: ResourceContext, resource: ResourceState): ResourceState {
  const { parent } = resource;
  if (!context.given.flag("promoted") || parent?.promotable !== true) return resource;
  context.output.line(`Using parent '${parent.id}' for move instead of '${resource.id}'`);
  return parent;
}

interface Constraint {
  readonly id: string;
  readonly xml: XmlElement;
  /** The node it is about, in either form. */
  readonly node: string | undefined;
}

const isBan = (c: Constraint) => c.id.startsWith("cli-ban-");

function ownConstraints(
  context: ResourceContext,
  resource: ResourceState | undefined,
): Constraint[] {
  return context.status.cib.constraints
    .filter((c) => c.kind === "location" && /^cli-(ban|prefer)-/.test(c.id))
    .filter((c) => resource === undefined || attr(c.xml, "rsc") === configId(resource))
    .map((c) => {
      const rule = child(c.xml, "rule");
      const expression = rule === undefined ? undefined : child(rule, "expression");
      const node = attr(c.xml, "node") ?? (expression && attr(expression, "value"));
      return { id: c.id, xml: c.xml, node };
    });
}

async function removeConstraints(
  context: ResourceContext,
  resource: ResourceState | undefined,
  node: string | undefined,
  wanted: (c: Constraint) => boolean,
): Promise<void> {
  for (const c of ownConstraints(context, resource)) {
    if ((node !== undefined && c.node !== node) || !wanted(c)) continue;
    const data = element("rsc_location", { id: c.id });
    await change(context, { op: "cib_delete", section: "constraints", data });
  }
}

/** Its rule's date is over. */
function isExpired(context: ResourceContext, c: Constraint): boolean {
  const rule = child(c.xml, "rule");
  const dates = rule?.children.filter((r) => r.name === "date_expression") ?? [];
  if (rule === undefined || dates.length === 0) return false;
  const now = Math.floor(context.session.now() / 1000);
  const surroundings = { cib: context.status.cib, now, recheckAt: () => {} };
  const onlyDates = element("rule", { id: "expired", "boolean-op": "and" }, dates);
  return !rulePasses(surroundings, onlyDates, {});
}

/** -U, also with --expired. */
export async function clear(context: ResourceContext): Promise<number> {
  const expired = context.given.flag("expired");
  const node = wantedNode(context);
  const named = context.given.value("resource") !== undefined;
  const resource = expired && !named ? undefined : wantedResource(context);
  if (resource !== undefined) refuseInstance(context, resource);
  const before = ownConstraints(context, undefined).map((c) => c.id);
  await removeConstraints(
    context,
    resource,
    context.given.flag("force") ? undefined : node?.name,
    (c) => (expired ? isExpired(context, c) : true),
  );
  const after = new Set((await freshStatus(context)).cib.constraints.map((c) => c.id));
  for (const id of before.filter((b) => !after.has(b))) {
    context.output.line(`Removing constraint: ${id}`);
  }
  return Exit.ok;
}
