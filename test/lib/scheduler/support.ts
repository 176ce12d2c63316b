/** Small clusters in a few words, and what the scheduler makes of them. */
import { type CibDoc, cibDoc } from "../../../lib/cib/document.ts";
import { summaryLines } from "../../../lib/render/transition-summary.ts";
import { type Schedule, schedule } from "../../../lib/scheduler/schedule.ts";
import { executeGraph } from "../../../lib/simulate/fake-executor.ts";
import { parametersDigest } from "../../../lib/status/digests.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

/** Epoch seconds at which every test cluster is looked at. */
export const NOW = 1_700_000_000;

type Values = Readonly<Record<string, string | number | boolean>>;

function pairs(id: string, values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`)
    .join("");
}

function set(element: string, id: string, values: Values | undefined): string {
  return values === undefined ? "" : `<${element} id="${id}">${pairs(id, values)}</${element}>`;
}

export interface PrimitiveWords {
  readonly meta?: Values;
  readonly params?: Values;
  readonly ops?: readonly Values[];
  readonly utilization?: Values;
  readonly standard?: string;
  readonly agent?: string;
}

/** A primitive of ocf:pacemaker:Dummy unless said otherwise. */
export function prim(id: string, words: PrimitiveWords = {}): string {
  const standard = words.standard ?? "ocf";
  const provider = standard === "ocf" ? ' provider="pacemaker"' : "";
  const ops = (words.ops ?? [])
    .map((op, i) => {
      const attributes = Object.entries(op).map(([name, value]) => ` ${name}="${value}"`);
      return `<op id="${id}-op-${i}"${attributes.join("")}/>`;
    })
    .join("");
  return (
    `<primitive id="${id}" class="${standard}"${provider} type="${words.agent ?? "Dummy"}">` +
    set("meta_attributes", `${id}-m`, words.meta) +
    set("instance_attributes", `${id}-i`, words.params) +
    set("utilization", `${id}-u`, words.utilization) +
    (ops === "" ? "" : `<operations>${ops}</operations>`) +
    "</primitive>"
  );
}

export function group(id: string, members: readonly string[], meta?: Values): string {
  return `<group id="${id}">${set("meta_attributes", `${id}-m`, meta)}${members.join("")}</group>`;
}

export function clone(id: string, content: string, meta?: Values): string {
  return `<clone id="${id}">${set("meta_attributes", `${id}-m`, meta)}${content}</clone>`;
}

/** One entry of an operation history. */
export interface Entry {
  readonly resource: string;
  readonly task: string;
  readonly rc?: number;
  readonly interval?: number;
  readonly id?: string;
  readonly status?: number;
  readonly expected?: number;
  /** Seconds before NOW. */
  readonly ago?: number;
  readonly attributes?: string;
}

/** The resource was started here. */
export function started(resource: string): Entry {
  return { resource, task: "start" };
}

/** A probe found nothing here. */
export function absent(resource: string): Entry {
  return { resource, task: "monitor", rc: 7, expected: 7 };
}

function entryXml(entry: Entry, call: number, node: string): string {
  const { resource, task, rc = 0, interval = 0, expected = 0, ago = 1000 } = entry;
  const status = entry.status ?? (rc === expected ? 0 : 4);
  const key = `1:1:${expected}:00000000-0000-0000-0000-000000000000`;
  const id = entry.id ?? `${resource}_${task}_${interval}`;
  const told = new Map(interval > 0 ? [["CRM_meta_timeout", "20000"]] : []);
  return (
    `<lrm_rsc_op id="${id}" operation_key="${resource}_${task}_${interval}" operation="${task}"` +
    ` call-id="${status === -1 ? -1 : call}" rc-code="${rc}" op-status="${status}"` +
    ` interval="${interval}" transition-key="${key}" transition-magic="${status}:${rc};${key}"` +
    ` op-digest="${parametersDigest(told)}" on_node="${node}" last-rc-change="${NOW - ago}" ${entry.attributes ?? ""}/>`
  );
}

function historyXml(entries: readonly Entry[], node: string): string {
  const byResource = new Map<string, string[]>();
  entries.forEach((entry, i) => {
    const list = byResource.get(entry.resource) ?? [];
    list.push(entryXml(entry, i + 1, node));
    byResource.set(entry.resource, list);
  });
  const resources = [...byResource].map(
    ([id, ops]) =>
      `<lrm_resource id="${id}" class="ocf" provider="pacemaker" type="Dummy">${ops.join("")}</lrm_resource>`,
  );
  return `<lrm id="${node}"><lrm_resources>${resources.join("")}</lrm_resources></lrm>`;
}

export interface NodeWords {
  /** Words of node_state; a joined member unless given. */
  readonly state?: Values | "unseen";
  readonly attributes?: Values;
  readonly transient?: Values;
  readonly utilization?: Values;
  readonly history?: readonly Entry[];
}

export interface ClusterWords {
  /** By name; a number makes n1, n2, … */
  readonly nodes?: number | Readonly<Record<string, NodeWords>>;
  readonly options?: Values;
  readonly resources: readonly string[];
  readonly constraints?: string;
  readonly defaults?: Values;
  readonly tickets?: string;
  readonly quorum?: boolean;
  readonly other?: string;
}

const MEMBER = { in_ccm: "true", crmd: "online", join: "member", expected: "member" };

/** The document of a cluster; fencing is off unless asked for. */
export function cluster(words: ClusterWords): CibDoc {
  const { nodes: given = 2 } = words;
  const nodes: Readonly<Record<string, NodeWords>> =
    typeof given === "number"
      ? Object.fromEntries(Array.from({ length: given }, (_, i) => [`n${i + 1}`, {}]))
      : given;
  const options = { "stonith-enabled": false, ...words.options };
  const configured = Object.entries(nodes).map(
    ([name, n]) =>
      `<node id="${name}" uname="${name}">${set("instance_attributes", `${name}-a`, n.attributes)}` +
      `${set("utilization", `${name}-u`, n.utilization)}</node>`,
  );
  const states = Object.entries(nodes)
    .filter(([, n]) => n.state !== "unseen")
    .map(([name, n]) => {
      const state = { ...MEMBER, ...(n.state as Values | undefined) };
      const attributes = Object.entries(state).map(([key, value]) => ` ${key}="${value}"`);
      const transient =
        n.transient === undefined
          ? ""
          : `<transient_attributes id="${name}">${set("instance_attributes", `${name}-t`, n.transient)}</transient_attributes>`;
      return `<node_state id="${name}" uname="${name}"${attributes.join("")}>${transient}${historyXml(n.history ?? [], name)}</node_state>`;
    });
  const defaults =
    words.defaults === undefined
      ? ""
      : `<rsc_defaults>${set("meta_attributes", "rsc-defaults", words.defaults)}</rsc_defaults>`;
  return cibDoc(
    parseXml(
      `<cib validate-with="pacemaker-4.0" have-quorum="${words.quorum === false ? 0 : 1}" dc-uuid="n1">` +
        `<configuration><crm_config>${set("cluster_property_set", "cib-bootstrap-options", options)}</crm_config>` +
        `<nodes>${configured.join("")}</nodes><resources>${words.resources.join("")}</resources>` +
        `<constraints>${words.constraints ?? ""}</constraints>${defaults}${words.other ?? ""}</configuration>` +
        `<status>${words.tickets ?? ""}${states.join("")}</status></cib>`,
    ),
  );
}

/** What is going to happen, one line each with single blanks: "Start a ( n1 )". */
export function plan(words: ClusterWords): string[] {
  return planOf(schedule(cluster(words), NOW));
}

export function planOf(made: Schedule): string[] {
  return summaryLines(made.summary).map((line) => line.replace(/\s+/g, " "));
}

/** Keys of the actions in the graph, "KEY on NODE", sorted. */
export function actions(words: ClusterWords): string[] {
  return schedule(cluster(words), NOW)
    .graph.synapses.flatMap((s) => s.actions)
    .map((a) => (a.node === undefined ? a.operationKey : `${a.operationKey} on ${a.node.name}`))
    .sort();
}

/** Carries out a schedule and schedules again: the plan left over after that. */
export function planAfterwards(doc: CibDoc): string[] {
  const first = schedule(doc, NOW);
  const done = executeGraph(doc, first.graph, { now: NOW, exists: () => true });
  return planOf(schedule(done.doc, NOW));
}
