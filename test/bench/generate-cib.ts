/**
 * Clusters of any size for benchmarks, by the recipe of ../shared/tools/generate-cib.py: of the primitives 40 % are plain
 * with one or two location preferences, 30 % in groups of five, 10 % anonymous clones, 5 % promotable clones and 15 % in
 * chains of five with mandatory colocation and order. Cold: nothing has run, so all is probed and started. Warm: the history
 * says that all runs where it should. Clones have at most eight instances, so that sizes stay realistic.
 */
import { md5Hex } from "../../lib/base/md5.ts";
import { Prng } from "../../lib/base/prng.ts";

export interface Size {
  readonly nodes: number;
  readonly resources: number;
}

interface Placed {
  readonly id: string;
  readonly agent: "Dummy" | "Stateful";
}

const UUID = "11111111-2222-3333-4444-555555555555";
const MAX_INSTANCES = 8;

/** Digest of the one parameter, with the operation's timeout when it recurs (spec/scheduler-1 section B.13). */
function digest(id: string, timeoutMs: number): string {
  const timeout = timeoutMs > 0 ? `CRM_meta_timeout="${timeoutMs}" ` : "";
  return md5Hex(` <parameters ${timeout}state="/run/${id}.state"/>\n`);
}

function primitive({ id, agent }: Placed): string {
  const monitors =
    agent === "Stateful"
      ? `<op id="${id}-mp" name="monitor" interval="10s" role="Promoted" timeout="20s"/>
        <op id="${id}-mu" name="monitor" interval="11s" role="Unpromoted" timeout="20s"/>`
      : `<op id="${id}-m" name="monitor" interval="10s" timeout="20s"/>`;
  return `      <primitive id="${id}" class="ocf" provider="pacemaker" type="${agent}">
        <instance_attributes id="${id}-ia"><nvpair id="${id}-ia-state" name="state" value="/run/${id}.state"/></instance_attributes>
        <operations>
        ${monitors}
        <op id="${id}-s" name="start" interval="0s" timeout="30s"/>
        <op id="${id}-t" name="stop" interval="0s" timeout="30s"/>
        </operations>
      </primitive>
`;
}

function metaAttributes(owner: string, values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values)
    .map(([name, value]) => `<nvpair id="${owner}-${name}" name="${name}" value="${value}"/>`)
    .join("");
  return `<meta_attributes id="${owner}">${pairs}</meta_attributes>\n`;
}

/** The configuration while it grows, and where everything runs in the warm form. */
class Recipe {
  readonly nodes: readonly string[];
  readonly resources: string[] = [];
  readonly constraints: string[] = [];
  readonly placed: ReadonlyMap<string, Placed[]>;
  private readonly prng: Prng;

  constructor(size: Size, seed: number) {
    this.nodes = Array.from({ length: size.nodes }, (_, i) => `node${`${i + 1}`.padStart(3, "0")}`);
    this.placed = new Map(this.nodes.map((node) => [node, []]));
    this.prng = new Prng(seed);
  }

  private nodeAt(index: number): string {
    return this.nodes[index % this.nodes.length]!;
  }

  private put(rsc: Placed, node: string): void {
    this.placed.get(node)!.push(rsc);
  }

  private location(id: string, rsc: string, node: string, score: number): void {
    this.constraints.push(
      `      <rsc_location id="${id}" rsc="${rsc}" node="${node}" score="${score}"/>\n`,
    );
  }

  private order(id: string, first: string, next: string): void {
    this.constraints.push(
      `      <rsc_order id="${id}" first="${first}" then="${next}" kind="Mandatory"/>\n`,
    );
  }

  plain(count: number): void {
    for (let k = 0; k < count; k++) {
      const rsc: Placed = { id: `p${`${k}`.padStart(5, "0")}`, agent: "Dummy" };
      this.resources.push(primitive(rsc));
      const left = [...this.nodes];
      for (let j = 0; j < Math.min(this.nodes.length, 1 + (k % 2)); j++) {
        const [node] = left.splice(this.prng.below(left.length), 1);
        this.location(`loc-${rsc.id}-${j}`, rsc.id, node!, 100 - 50 * j);
        if (j === 0) this.put(rsc, node!);
      }
    }
  }

  groups(count: number): void {
    for (let g = 0; g * 5 < count; g++) {
      const id = `g${`${g}`.padStart(4, "0")}`;
      const node = this.nodeAt(g);
      const members: string[] = [];
      for (let k = 0; k < Math.min(5, count - g * 5); k++) {
        const rsc: Placed = { id: `${id}-m${k}`, agent: "Dummy" };
        members.push(primitive(rsc));
        this.put(rsc, node);
      }
      this.resources.push(`      <group id="${id}">\n${members.join("")}      </group>\n`);
      if (g % 2 === 0) this.location(`loc-${id}`, id, node, 200);
    }
  }

  clones(count: number, promotable: boolean): void {
    const max = Math.min(this.nodes.length, MAX_INSTANCES);
    for (let k = 0; k < count; k++) {
      const rsc: Placed = {
        id: `${promotable ? "m" : "c"}${`${k}`.padStart(4, "0")}`,
        agent: promotable ? "Stateful" : "Dummy",
      };
      const notify = k % 4 === 0 ? "true" : "false";
      const meta = metaAttributes(`${rsc.id}-clone-ma`, {
        interleave: "true",
        "clone-max": `${max}`,
        ...(promotable ? { promotable: "true", "promoted-max": "1", notify } : {}),
      });
      this.resources.push(
        `      <clone id="${rsc.id}-clone">\n${meta}${primitive(rsc)}      </clone>\n`,
      );
      for (const node of this.nodes.slice(0, max)) this.put(rsc, node);
      if (k % 5 === 4 && !promotable) {
        const before = `c${`${k - 1}`.padStart(4, "0")}-clone`;
        this.order(`ord-${rsc.id}`, before, `${rsc.id}-clone`);
      }
    }
  }

  chains(count: number): void {
    let previous = "";
    for (let k = 0; k < count; k++) {
      const rsc: Placed = { id: `x${`${k}`.padStart(5, "0")}`, agent: "Dummy" };
      this.resources.push(primitive(rsc));
      this.put(rsc, this.nodeAt(Math.floor(k / 5)));
      if (k % 5 > 0) {
        this.constraints.push(
          `      <rsc_colocation id="col-${rsc.id}" rsc="${rsc.id}" with-rsc="${previous}" score="INFINITY"/>\n`,
        );
        this.order(`ord-${rsc.id}`, previous, rsc.id);
      }
      previous = rsc.id;
    }
  }
}

/** History entries of a node: what runs there, and probes of all else that found nothing. */
class History {
  private call = 1;
  private readonly all: readonly Placed[];

  constructor(placed: ReadonlyMap<string, readonly Placed[]>) {
    const byId = new Map([...placed.values()].flat().map((rsc) => [rsc.id, rsc]));
    this.all = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  private entry(rsc: Placed, node: string, op: string, ms: number, rc: number): string {
    const call = this.call++;
    const id = ms > 0 ? `${rsc.id}_monitor_${ms}` : `${rsc.id}_last_0`;
    const key = `${call}:1:${rc}:${UUID}`;
    return `<lrm_rsc_op id="${id}" operation_key="${rsc.id}_${op}_${ms}" operation="${op}" crm-debug-origin="gen" crm_feature_set="3.16.1" transition-key="${key}" transition-magic="0:${rc};${key}" exit-reason="" on_node="${node}" call-id="${call}" rc-code="${rc}" op-status="0" interval="${ms}" last-rc-change="1700000000" exec-time="10" queue-time="0" op-digest="${digest(rsc.id, ms > 0 ? 20000 : 0)}"/>\n`;
  }

  private resource(rsc: Placed, entries: readonly string[]): string {
    return `<lrm_resource id="${rsc.id}" type="${rsc.agent}" class="ocf" provider="pacemaker">\n${entries.join("")}</lrm_resource>\n`;
  }

  of(node: string, here: readonly Placed[]): string {
    const running = new Set(here.map((rsc) => rsc.id));
    const lines: string[] = [];
    for (const rsc of this.all) {
      if (running.has(rsc.id)) continue;
      lines.push(this.resource(rsc, [this.entry(rsc, node, "monitor", 0, 7)]));
    }
    for (const rsc of here) {
      const recurring = rsc.agent === "Dummy" ? 10_000 : 11_000;
      lines.push(
        this.resource(rsc, [
          this.entry(rsc, node, "start", 0, 0),
          this.entry(rsc, node, "monitor", recurring, 0),
        ]),
      );
    }
    return lines.join("");
  }
}

const PROPERTIES = {
  "stonith-enabled": "false",
  "no-quorum-policy": "stop",
  "have-watchdog": "false",
  "cluster-infrastructure": "corosync",
};

/** A whole CIB as text. The same size, form and seed give the same text. */
export function generateCib(size: Size, warm: boolean, seed = 1): string {
  const count = (share: number) => Math.floor(size.resources * share);
  const [plain, grouped, cloned, promotable] = [count(0.4), count(0.3), count(0.1), count(0.05)];
  const recipe = new Recipe(size, seed);
  recipe.plain(plain);
  recipe.groups(grouped);
  recipe.clones(cloned, false);
  recipe.clones(promotable, true);
  recipe.chains(size.resources - plain - grouped - cloned - promotable);
  const history = new History(recipe.placed);
  const properties = Object.entries(PROPERTIES)
    .map(([name, value]) => `<nvpair id="cib-${name}" name="${name}" value="${value}"/>\n`)
    .join("");
  const nodes = recipe.nodes.map((name, n) => `<node id="${n + 1}" uname="${name}"/>\n`).join("");
  const states = recipe.nodes.map((name, n) => {
    const entries = warm ? history.of(name, recipe.placed.get(name)!) : "";
    return `<node_state id="${n + 1}" uname="${name}" in_ccm="true" crmd="online" crm-debug-origin="gen" join="member" expected="member">
<transient_attributes id="${n + 1}"><instance_attributes id="status-${n + 1}"><nvpair id="status-${n + 1}-fs" name="#feature-set" value="3.16.1"/></instance_attributes></transient_attributes>
<lrm id="${n + 1}"><lrm_resources>\n${entries}</lrm_resources></lrm>
</node_state>\n`;
  });
  return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="1" admin_epoch="0" have-quorum="1" dc-uuid="1">
<configuration>
<crm_config><cluster_property_set id="cib-bootstrap-options">\n${properties}</cluster_property_set></crm_config>
<nodes>\n${nodes}</nodes>
<resources>\n${recipe.resources.join("")}</resources>
<constraints>\n${recipe.constraints.join("")}</constraints>
<rsc_defaults>${metaAttributes("rd", { "resource-stickiness": "10" })}</rsc_defaults>
</configuration>
<status>\n${states.join("")}</status>
</cib>\n`;
}
