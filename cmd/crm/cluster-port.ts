/** What the shell asks of the cluster: status, checks, places of resources, clean-ups, attributes, fencing. */
import { CrmError } from "../../lib/base/error.ts";
import type { CibDoc } from "../../lib/cib/document.ts";
import { problemText, validateCib } from "../../lib/cib/validate.ts";
import type { Session } from "../../lib/cli/tool.ts";
import { connectAttributes } from "../../lib/client/attributes.ts";
import { connectController } from "../../lib/client/controller.ts";
import { connectFencer } from "../../lib/client/fencer.ts";
import type { CibPort, ClusterPort, ResourcePlace, VerifyResult } from "../../lib/crm/ports.ts";
import { classicText } from "../../lib/render/classic.ts";
import { currentText } from "../../lib/render/current.ts";
import { zoneOffset } from "../../lib/runtime/zone.ts";
import { Role } from "../../lib/status/roles.ts";
import type { ResourceState } from "../../lib/status/state.ts";
import { readStatus } from "../../lib/status/status.ts";
import { ctimeText } from "../../lib/time/iso8601.ts";
import { clusterView } from "../../lib/view/cluster-builder.ts";
import { DEFAULT_DISPLAY, type Display } from "../../lib/view/display.ts";

/** Between two looks at whether the cluster is done. */
const SETTLE_STEP_MS = 250;
/** The cluster must be idle for this long before it counts as done. */
const SETTLE_QUIET = 2;
const SETTLE_LIMIT_MS = 120_000;
/** What a fencing operation may take. */
const FENCE_SECONDS = 120;

function display(words: readonly string[]): Display {
  return {
    ...DEFAULT_DISPLAY,
    groupByNode: words.includes("bynode"),
    inactive: words.includes("inactive"),
    operations: words.includes("ops") || words.includes("timing"),
    timing: words.includes("timing"),
    failCounts: words.includes("failcounts"),
  };
}

/** All resources with their members and instances. */
function flat(resources: readonly ResourceState[]): readonly ResourceState[] {
  return resources.flatMap((r) => [r, ...flat(r.children)]);
}

export class ShellCluster implements ClusterPort {
  constructor(
    private readonly session: Session,
    private readonly cib: CibPort,
  ) {}

  async verify(doc: CibDoc): Promise<VerifyResult> {
    const problems = validateCib(doc.root);
    return {
      lines: problems.map((p) => `error: ${problemText(p)}`),
      failed: problems.length > 0,
    };
  }

  async status(doc: CibDoc, words: readonly string[]): Promise<string> {
    return this.#text(doc, display(words));
  }

  async resourceList(doc: CibDoc): Promise<string> {
    const show = { ...DEFAULT_DISPLAY, inactive: true, summary: false, nodes: false };
    const text = this.#text(doc, { ...show, times: false, failures: false });
    return `${text.replace(/^\n+/, "").trimEnd()}\n`;
  }

  places(doc: CibDoc, id: string): readonly ResourcePlace[] {
    const found = new Map<string, ResourcePlace>();
    for (const resource of flat(this.#status(doc).resources)) {
      if (resource.name !== id && resource.id !== id) continue;
      for (const node of resource.active) {
        const promoted = resource.role === Role.promoted || found.get(node.name)?.promoted === true;
        found.set(node.name, { node: node.name, promoted });
      }
    }
    return [...found.values()];
  }

  online(doc: CibDoc): readonly string[] {
    return this.#status(doc)
      .nodes.filter((n) => n.online)
      .map((n) => n.name);
  }

  async simulate(): Promise<string> {
    throw new CrmError("ptest: not available yet in this version; nothing was simulated");
  }

  async cleanup(resource: string | undefined, node: string | undefined): Promise<string> {
    this.#needLive("cleanup");
    const doc = await this.cib.query();
    const status = this.#status(doc);
    const controller = await connectController(this.session);
    const lines: string[] = [];
    try {
      for (const each of status.nodes.filter((n) => node === undefined || n.name === node)) {
        if (resource === undefined) {
          if (each.online) await controller.reprobe(each.name);
          continue;
        }
        for (const history of status.histories) {
          const leaf = flat(status.resources).find(
            (r) => r.id === history.id || r.name === history.id,
          );
          const mine = leaf !== undefined && isPartOf(leaf, resource);
          if (history.node.name !== each.name || !mine || leaf.config.kind !== "primitive")
            continue;
          const { standard, provider, agent } = leaf.config;
          await controller.deleteHistory({
            node: each.name,
            id: history.id,
            standard,
            ...(provider === undefined ? {} : { provider }),
            type: agent,
            cibOnly: !each.online,
          });
          await this.#clearFailures(leaf.name, each.name);
          lines.push(`Cleaning up ${history.id} on ${each.name}`);
        }
      }
    } finally {
      controller.close();
    }
    return lines.join("\n");
  }

  async setTransient(node: string, name: string, value: string | undefined): Promise<void> {
    this.#needLive(`attribute ${name} of ${node}`);
    const attributes = await connectAttributes(this.session);
    try {
      const given = value === undefined ? {} : { value };
      await attributes.update({ name, host: node, section: "status", ...given });
    } finally {
      attributes.close();
    }
  }

  async fence(node: string): Promise<void> {
    this.#needLive(`fencing of ${node}`);
    const fencer = await connectFencer(this.session);
    try {
      await fencer.fence({ target: node, action: "reboot", timeoutSeconds: FENCE_SECONDS });
    } finally {
      fencer.close();
    }
  }

  async confirmDown(node: string): Promise<void> {
    throw new CrmError(`clearstate ${node}: not available yet in this version; nothing was done`);
  }

  async removeNode(node: string): Promise<void> {
    this.#needLive(`removal of ${node}`);
    const controller = await connectController(this.session);
    try {
      await controller.removeNodeCache(node, undefined);
    } finally {
      controller.close();
    }
    const attributes = await connectAttributes(this.session);
    try {
      await attributes.removePeer(node);
    } finally {
      attributes.close();
    }
  }

  async settle(): Promise<void> {
    if (!this.cib.live) return;
    const controller = await connectController(this.session);
    try {
      let quiet = 0;
      for (let waited = 0; waited < SETTLE_LIMIT_MS && quiet < SETTLE_QUIET; ) {
        await this.session.sleep(SETTLE_STEP_MS);
        waited += SETTLE_STEP_MS;
        const { state } = await controller.ping();
        quiet = state === "S_IDLE" ? quiet + 1 : 0;
      }
    } finally {
      controller.close();
    }
  }

  async #clearFailures(resource: string, node: string): Promise<void> {
    const attributes = await connectAttributes(this.session);
    try {
      await attributes.clearFailures({ resource, host: node });
    } finally {
      attributes.close();
    }
  }

  #needLive(what: string): void {
    if (!this.cib.live) throw new CrmError(`${what}: needs a running cluster, not a CIB file`);
  }

  #status(doc: CibDoc) {
    return readStatus(doc, Math.floor(this.session.now() / 1000));
  }

  #text(doc: CibDoc, show: Display): string {
    const view = clusterView(this.#status(doc));
    const clock = (epoch: number) => ctimeText({ epoch, offset: zoneOffset(epoch) });
    return (view.form === "classic" ? classicText : currentText)(view, show, clock);
  }
}

function isPartOf(resource: ResourceState, id: string): boolean {
  for (let at: ResourceState | undefined = resource; at !== undefined; at = at.parent) {
    if (at.id === id || at.name === id) return true;
  }
  return false;
}
