/**
 * What the shell asks of the cluster: status, checks, places of resources, clean-ups, attributes, fencing. What few commands
 * need is loaded by them, so that `crm status` starts fast.
 */
import { CrmError } from "../../lib/base/error.ts";
import { resultText } from "../../lib/base/result-code.ts";
import { type CibDoc, section } from "../../lib/cib/document.ts";
import { parseOptions, withCommonOptions } from "../../lib/cli/options.ts";
import type { Session, Tool } from "../../lib/cli/tool.ts";
import type { CibPort, ClusterPort, ResourcePlace, VerifyResult } from "../../lib/crm/ports.ts";
import { writeXml } from "../../lib/xml/write.ts";

/** How long a person waits for the cluster to be done. */
const SETTLE_LIMIT = "120s";
/** What a fencing operation may take. */
const FENCE_SECONDS = 120;

const loadState = () => import("./cluster-state.ts");

export class ShellCluster implements ClusterPort {
  constructor(
    private readonly session: Session,
    private readonly cib: CibPort,
  ) {}

  async verify(doc: CibDoc): Promise<VerifyResult> {
    const { schemaLines, verifyConfiguration } = await import("../../lib/view/verification.ts");
    const found = verifyConfiguration(doc, this.#now());
    const messages = found.messages
      .filter(({ level }) => level === "error" || level === "warning")
      .map(({ level, source, text }) => `${level.padStart(8)}: ${source}: ${text}`);
    const unusable = found.unusable === undefined ? [] : [found.unusable];
    const hopeless = found.schemaProblems.length > 0 || found.unusable !== undefined;
    // Without any resource the scheduler's complaint (nothing can start) keeps nobody from going on.
    const empty = (section(doc, "resources")?.children.length ?? 0) === 0;
    return {
      lines: [...schemaLines(found), ...(empty ? [] : messages), ...unusable],
      failed: hopeless || (found.hasErrors && !empty),
    };
  }

  async status(doc: Promise<CibDoc>, words: readonly string[]): Promise<string> {
    // The request leaves first: what makes the text is loaded while it is answered.
    const loading = this.session.sleep(0).then(loadState);
    const [{ statusText }, read] = await Promise.all([loading, doc]);
    return statusText(read, this.#now(), words);
  }

  async resourceList(doc: CibDoc): Promise<string> {
    return (await loadState()).resourceListText(doc, this.#now());
  }

  async places(doc: CibDoc, id: string): Promise<readonly ResourcePlace[]> {
    return (await loadState()).placesOf(doc, this.#now(), id);
  }

  async online(doc: CibDoc): Promise<readonly string[]> {
    return (await loadState()).onlineNodes(doc, this.#now());
  }

  async simulate(
    doc: CibDoc,
    options: { readonly scores: boolean; readonly utilization: boolean },
  ): Promise<string> {
    const { default: tool } = await import("../pacemaker/crm_simulate.ts");
    const args = ["--xml-pipe", "--simulate"];
    if (options.scores) args.push("--show-scores");
    if (options.utilization) args.push("--show-utilization");
    const data = new TextEncoder().encode(writeXml(doc.root));
    return await this.#tool(tool, args, { ...this.session, readStdin: async () => data });
  }

  async cleanup(resource: string | undefined, node: string | undefined): Promise<string> {
    const args = ["--refresh"];
    if (resource !== undefined) args.push(`--resource=${resource}`);
    if (node !== undefined) args.push(`--node=${node}`);
    return await this.#crmResource(args);
  }

  async setTransient(node: string, name: string, value: string | undefined): Promise<void> {
    this.#needLive(`attribute ${name} of ${node}`);
    const { connectAttributes } = await import("../../lib/client/attributes.ts");
    const attributes = await connectAttributes(this.session);
    try {
      const given = value === undefined ? {} : { value };
      await attributes.update({ name, host: node, section: "status", ...given });
    } finally {
      attributes.close();
    }
  }

  fence(node: string): Promise<void> {
    return this.#fence(node, "reboot", false);
  }

  confirmDown(node: string): Promise<void> {
    return this.#fence(node, "off", true);
  }

  async #fence(target: string, action: string, confirmed: boolean): Promise<void> {
    this.#needLive(`fencing of ${target}`);
    const { connectFencer, FencerOption } = await import("../../lib/client/fencer.ts");
    const options = confirmed ? FencerOption.manualAck : 0;
    const fencer = await connectFencer(this.session);
    try {
      const { rc } = await fencer.fence({ target, action, options, timeoutSeconds: FENCE_SECONDS });
      if (rc !== 0) throw new CrmError(`fencing of ${target}: ${resultText(rc)}`);
    } finally {
      fencer.close();
    }
  }

  async removeNode(node: string): Promise<void> {
    this.#needLive(`removal of ${node}`);
    const { connectController } = await import("../../lib/client/controller.ts");
    const controller = await connectController(this.session);
    try {
      await controller.removeNodeCache(node, undefined);
    } finally {
      controller.close();
    }
    const { connectAttributes } = await import("../../lib/client/attributes.ts");
    const attributes = await connectAttributes(this.session);
    try {
      await attributes.removePeer(node);
    } finally {
      attributes.close();
    }
  }

  async settle(): Promise<void> {
    if (this.cib.live) await this.#crmResource(["--wait", `--timeout=${SETTLE_LIMIT}`]);
  }

  resourceReport(options: readonly string[]): Promise<string> {
    return this.#crmResource(options);
  }

  async explain(resource: string, node: string | undefined): Promise<string> {
    const { default: tool } = await import("../quorate/explain.ts");
    const words = [resource, ...(node === undefined ? [] : [node])];
    return await this.#tool(tool, words, this.#sameCib());
  }

  /** Lets crm_resource do it, on the same CIB. */
  async #crmResource(args: readonly string[]): Promise<string> {
    const { default: tool } = await import("../pacemaker/crm_resource.ts");
    return await this.#tool(tool, args, this.#sameCib());
  }

  /** A session in which other tools open the shadow that is in use here. */
  #sameCib(): Session {
    const shadow = this.cib.name === "live" ? undefined : this.cib.name;
    return { ...this.session, env: { ...this.session.env, CIB_shadow: shadow } };
  }

  /** Runs another tool in this process. @throws CrmError with its words and exit code when it fails */
  async #tool(tool: Tool, args: readonly string[], session: Session): Promise<string> {
    const done = await tool.run(parseOptions(withCommonOptions(tool.options), args), session);
    if (done.exit !== 0) throw new CrmError((done.err ?? "").trimEnd(), done.exit);
    return (done.out ?? "").trimEnd();
  }

  #needLive(what: string): void {
    if (!this.cib.live) throw new CrmError(`${what}: needs a running cluster, not a CIB file`);
  }

  /** Epoch seconds. */
  #now(): number {
    return Math.floor(this.session.now() / 1000);
  }
}
