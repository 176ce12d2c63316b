/**
 * What the shell itself checks before a commit (spec/crm-commands.md section 12): agents and their parameters, advised
 * timeouts, meta-attributes, what constraints and levels refer to. Errors keep a commit back; warnings are told.
 */

import { resourceMeta } from "../../cib/meta.ts";
import type { AgentInfo } from "../../ocf/metadata.ts";
import { parseIntervalMs } from "../../time/interval.ts";
import { attr, childrenOf, idOf, type XmlElement } from "../../xml/node.ts";
import { RESOURCE_ELEMENTS } from "../language/group.ts";
import type { Message } from "../message.ts";
import { type ConfigObject, findObject, listObjects, nodeNames, schemaOf } from "../objects.ts";
import type { AgentName, AgentPort } from "../ports.ts";

const metaOf = (only: (typeof resourceMeta)[number]["only"]): readonly string[] =>
  resourceMeta.filter((m) => m.only === only).map((m) => m.name);

/** Known to older managers, or written by tools, beside those of the table. */
const RESOURCE_META = new Set([...metaOf(undefined), "description", "provides", "restart-type"]);
const GROUP_META = new Set([...metaOf("group"), "container", "ordered", "collocated"]);
const CLONE_META = new Set(
  [...metaOf("clone"), "notify", "ordered"].filter((name) => name !== "promotable"),
);
const PROMOTION_META = new Set([
  "master-max",
  "master-node-max",
  "promoted-max",
  "promoted-node-max",
]);

/** Parameters that fence agents get from the fencer rather than from their own meta-data. */
const FENCING_PARAMETERS = /^(pcmk_[a-z_]+|stonith-timeout|priority|provides)$/;

/** The agent of a primitive or template, templates followed. */
export function agentOf(root: XmlElement, el: XmlElement): AgentName | undefined {
  const template = attr(el, "template");
  const owner = template === undefined ? el : findObject(root, template)?.element;
  const standard = owner === undefined ? undefined : attr(owner, "class");
  if (owner === undefined || standard === undefined) return undefined;
  return { standard, provider: attr(owner, "provider"), type: attr(owner, "type") ?? "" };
}

export function agentText(agent: AgentName): string {
  return [agent.standard, agent.provider, agent.type].filter((p) => p !== undefined).join(":");
}

/** Checks one object in its surroundings. */
export async function checkObject(
  root: XmlElement,
  object: ConfigObject,
  agents: AgentPort,
): Promise<readonly Message[]> {
  const { element: el } = object;
  switch (object.kind.word) {
    case "primitive":
    case "rsc_template":
      return [...checkMeta(root, object), ...(await checkAgent(root, object, agents))];
    case "bundle":
      return checkMeta(root, object);
    case "group":
    case "clone":
    case "ms":
      return [...checkContainer(object), ...checkMeta(root, object)];
    case "location":
    case "colocation":
    case "order":
    case "rsc_ticket":
      return checkConstraint(root, object);
    case "fencing_topology":
      return checkTopology(root, el);
    case "role":
    case "user":
      return checkRights(object);
    default:
      return [];
  }
}

async function checkAgent(
  root: XmlElement,
  { id, element: el, kind }: ConfigObject,
  agents: AgentPort,
): Promise<readonly Message[]> {
  const template = attr(el, "template");
  if (template !== undefined && findObject(root, template)?.kind.word !== "rsc_template") {
    return [{ level: "error", text: `${template}: no such resource template` }];
  }
  const agent = agentOf(root, el);
  if (agent === undefined) return [{ level: "error", text: `${id}: no resource agent given` }];
  const info = await agents.info(agent);
  if (info === undefined) {
    if (agents.exists(agent)) return [];
    return [{ level: "error", text: `${agentText(agent)}: no such resource agent` }];
  }
  const inherited = template === undefined ? undefined : findObject(root, template)?.element;
  return [
    ...checkParameters(id, el, inherited, info, agent, kind.word === "rsc_template"),
    ...checkOperations(id, el, info),
  ];
}

function pairsOf(el: XmlElement | undefined, setName: string): readonly XmlElement[] {
  if (el === undefined) return [];
  return childrenOf(el, setName).flatMap((set) => childrenOf(set, "nvpair"));
}

function checkParameters(
  id: string,
  el: XmlElement,
  inherited: XmlElement | undefined,
  info: AgentInfo,
  agent: AgentName,
  isTemplate: boolean,
): readonly Message[] {
  // Agents of classes without parameters in their meta-data are not judged.
  if (agent.standard !== "ocf" && agent.standard !== "stonith") return [];
  const messages: Message[] = [];
  const own = pairsOf(el, "instance_attributes");
  const refers = childrenOf(el, "instance_attributes").some((s) => attr(s, "id-ref") !== undefined);
  const given = new Set(
    [...own, ...pairsOf(inherited, "instance_attributes")].map((p) => attr(p, "name")),
  );
  const complete = !refers && !isTemplate;
  for (const parameter of complete ? info.parameters.filter((p) => p.required) : []) {
    if (given.has(parameter.name)) continue;
    messages.push({
      level: "error",
      text: `${id}: required parameter ${parameter.name} not defined`,
    });
  }
  const known = new Set(info.parameters.map((p) => p.name));
  for (const pair of own) {
    const name = attr(pair, "name");
    if (name === undefined || known.has(name) || /^(trace_ra|trace_file|CRM_meta_.*)$/.test(name))
      continue;
    if (agent.standard === "stonith" && FENCING_PARAMETERS.test(name)) continue;
    messages.push({ level: "error", text: `${id}: parameter ${name} does not exist` });
  }
  return messages;
}

function checkOperations(id: string, el: XmlElement, info: AgentInfo): readonly Message[] {
  const messages: Message[] = [];
  const warn = (text: string) => messages.push({ level: "warning", text: `${id}: ${text}` });
  const ops = childrenOf(el, "operations").flatMap((o) => childrenOf(o, "op"));
  for (const op of ops) {
    const name = attr(op, "name") ?? "";
    const role = attr(op, "role");
    const advised = advisedAction(info, name, role);
    if (advised === undefined) {
      if (info.actions.length === 0) continue;
      const shown = role === undefined ? name : `${name}_${role}`;
      warn(`action ${shown} not advertised in meta-data, it may not be supported by the RA`);
      continue;
    }
    const interval = attr(op, "interval") ?? "0";
    if ((name === "start" || name === "stop") && (parseIntervalMs(interval) ?? 0) !== 0) {
      warn(`Specified interval for ${name} is ${interval}, it must be 0`);
    }
    const timeout = attr(op, "timeout");
    const least = advised.attrs.get("timeout");
    if (timeout === undefined || least === undefined) continue;
    const [mine, theirs] = [parseIntervalMs(timeout), parseIntervalMs(least)];
    if (mine !== undefined && theirs !== undefined && mine < theirs) {
      warn(`specified timeout ${timeout} for ${name} is smaller than the advised ${least}`);
    }
  }
  return messages;
}

/** The action of the meta-data that an operation is advised by: same name and, if given, same role. */
export function advisedAction(
  info: AgentInfo,
  name: string,
  role: string | undefined,
): AgentInfo["actions"][number] | undefined {
  const named = info.actions.filter((a) => a.name === name);
  if (role === undefined) return named[0];
  return named.find((a) => currentRole(a.attrs.get("role")) === currentRole(role));
}

/** Agents and configurations of both generations meet: Master is Promoted, Slave is Unpromoted. */
function currentRole(role: string | undefined): string | undefined {
  if (role === "Master") return "Promoted";
  return role === "Slave" ? "Unpromoted" : role;
}

function checkMeta(
  root: XmlElement,
  { id, element: el, kind, container }: ConfigObject,
): readonly Message[] {
  const messages: Message[] = [];
  const cloned = kind.word === "clone" || kind.word === "ms" || container?.name === "clone";
  for (const pair of pairsOf(el, "meta_attributes")) {
    const name = attr(pair, "name") ?? "";
    const known =
      RESOURCE_META.has(name) ||
      (kind.word === "group" && GROUP_META.has(name)) ||
      (cloned && CLONE_META.has(name)) ||
      (kind.word === "ms" && (CLONE_META.has(name) || PROMOTION_META.has(name))) ||
      // A promotable clone is a clone from the 3.x schemas on; before, ms is.
      (kind.word === "clone" &&
        schemaOf(root) >= 2 &&
        (name === "promotable" || PROMOTION_META.has(name)));
    if (known) continue;
    // Newer shells leave it at a warning, as attributes of one's own are allowed.
    if (schemaOf(root) < 2) {
      messages.push({ level: "error", text: `${id}: attribute ${name} does not exist` });
    } else messages.push({ level: "warning", text: `${id}: unknown attribute '${name}'` });
  }
  return messages;
}

function checkContainer({ id, element: el, kind }: ConfigObject): readonly Message[] {
  const members = el.children.filter((c) => RESOURCE_ELEMENTS.has(c.name));
  const wrong = members.find(
    (c) => c.name !== "primitive" && !(kind.word !== "group" && c.name === "group"),
  );
  if (members.length === 0)
    return [{ level: "error", text: `${id}: ${kind.word} without a resource` }];
  if (wrong === undefined) return [];
  const may = kind.word === "group" ? "primitives" : "a primitive or a group";
  return [
    {
      level: "error",
      text: `${id}: a ${kind.word} holds ${may}; ${idOf(wrong)} is a ${wrong.name}`,
    },
  ];
}

const constrainables = new WeakMap<XmlElement, ReadonlySet<string>>();

/** Ids that constraints may name: resources, templates, tags. */
function constrainable(root: XmlElement): ReadonlySet<string> {
  const known = constrainables.get(root);
  if (known !== undefined) return known;
  const named = listObjects(root).filter(
    ({ kind }) => kind.section === "resources" || kind.section === "tags",
  );
  const ids = new Set(named.map((o) => o.id));
  constrainables.set(root, ids);
  return ids;
}

function checkConstraint(root: XmlElement, { id, element: el }: ConfigObject): readonly Message[] {
  const messages: Message[] = [];
  const resources = constrainable(root);
  const named = ["rsc", "with-rsc", "first", "then"].map((name) => attr(el, name));
  const members = childrenOf(el, "resource_set").flatMap((s) => s.children.map(idOf));
  for (const rsc of [...named, ...members]) {
    if (rsc === undefined || resources.has(rsc)) continue;
    messages.push({ level: "error", text: `${id}: resource ${rsc} does not exist` });
  }
  const nodes = new Set(nodeNames(root).map((n) => n.toLowerCase()));
  for (const node of [attr(el, "node"), ...ruleNodes(el)]) {
    if (node === undefined || nodes.has(node.toLowerCase())) continue;
    messages.push({ level: "warning", text: `${id}: referenced node ${node} does not exist` });
  }
  return messages;
}

/** Node names that rules compare `#uname` with. */
function ruleNodes(el: XmlElement): readonly (string | undefined)[] {
  return el.children.flatMap((c) => [
    ...(c.name === "expression" && attr(c, "attribute") === "#uname" ? [attr(c, "value")] : []),
    ...ruleNodes(c),
  ]);
}

function checkTopology(root: XmlElement, el: XmlElement): readonly Message[] {
  const messages: Message[] = [];
  const warn = (text: string) =>
    messages.push({ level: "warning", text: `fencing_topology: ${text}` });
  const nodes = new Set(nodeNames(root));
  for (const level of childrenOf(el, "fencing-level")) {
    const target = attr(level, "target");
    if (target !== undefined && !nodes.has(target)) warn(`target ${target} not a node`);
    for (const device of (attr(level, "devices") ?? "").split(",")) {
      const found = findObject(root, device)?.element;
      if (found === undefined) warn(`resource ${device} does not exist`);
      else if (agentOf(root, found)?.standard !== "stonith") {
        warn(`resource ${device} not a stonith resource`);
      }
    }
  }
  return messages;
}

/** A right must say what it is about; an attribute alone does not. */
function checkRights({ id, element: el }: ConfigObject): readonly Message[] {
  const named = ["xpath", "ref", "reference", "tag", "object-type"];
  const vague = el.children.filter(
    (right) => right.attrs.has("attribute") && !named.some((name) => right.attrs.has(name)),
  );
  return vague.map((right) => ({
    level: "error",
    text: `${id}: ${right.name} attribute:${attr(right, "attribute")} needs xpath:, ref: or tag:`,
  }));
}
