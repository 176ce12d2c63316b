/** The controller (spec/ipc/ipc.md section 3.3): who is here, who decides, and orders about resources. */
import { attr, childrenOf, element, type XmlElement } from "../xml/node.ts";
import {
  type ClientHost,
  connectManager,
  dataOf,
  type EnvelopeFields,
  EVENT_TIMEOUT_MS,
  envelope,
  FEATURE_SET,
  type PacemakerConnection,
} from "./pacemaker.ts";
import { IpcError } from "./transport.ts";

/** A node as the controller's membership knows it. */
export interface ControllerNode {
  readonly id: string;
  readonly name: string;
  /** "member" or "lost". */
  readonly state: string;
}

export interface NodeInfo {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly hasQuorum: boolean;
  readonly isRemote: boolean;
}

export interface PingAnswer {
  /** Name of the node that answered. */
  readonly node: string;
  readonly subsystem: string;
  /** S_IDLE, S_POLICY_ENGINE, … */
  readonly state: string;
  readonly result: string;
}

/** A resource as lrm_delete and lrm_fail want it. */
export interface ResourceTarget {
  readonly node: string;
  /** Node whose executor is reached: the node itself, or the host of a remote node. */
  readonly routerNode?: string;
  /** Name known to the executor. */
  readonly id: string;
  /** Instance name when it differs. */
  readonly longId?: string;
  readonly standard: string;
  readonly provider?: string;
  readonly type: string;
  /** Only the CIB knows the node: do not ask its executor. */
  readonly cibOnly?: boolean;
}

const HELLO_ATTRS = { major_version: "1", minor_version: "0" };
/** What the original puts where no action of a transition is meant. */
const NO_TRANSITION = "0:0:xxxxxxxx-xrsc-opxx-xcrm-resourcexxxx";

export class ControllerClient {
  readonly connection: PacemakerConnection;
  readonly #from: string;

  constructor(connection: PacemakerConnection) {
    this.connection = connection;
    this.#from = `${connection.host.pid}_${connection.host.program}`;
  }

  /** Introduces us; the controller answers nothing. */
  async hello(): Promise<void> {
    const { program, pid } = this.connection.host;
    const attrs = { ...HELLO_ATTRS, client_name: program, client_uuid: String(pid) };
    await this.#post({ task: "hello", data: element("options", attrs) });
  }

  /** Nodes the membership knows, in the controller's order. */
  async nodes(timeoutMs?: number): Promise<readonly ControllerNode[]> {
    const event = await this.#ask({ task: "list-nodes", to: "crmd" }, timeoutMs);
    const list = dataOf(event, "crm_xml");
    return (list === undefined ? [] : childrenOf(list, "node")).map((node) => ({
      id: attr(node, "id") ?? "",
      name: attr(node, "uname") ?? "",
      state: attr(node, "in_ccm") ?? "",
    }));
  }

  /** One node, by default the one the controller runs on; undefined when it is not known. */
  async nodeInfo(nodeId?: string): Promise<NodeInfo | undefined> {
    const attrs = nodeId === undefined ? {} : { id: nodeId };
    const node = dataOf(await this.#ask({ task: "node-info", to: "crmd", attrs }), "crm_xml");
    const name = node === undefined ? undefined : attr(node, "uname");
    if (node === undefined || name === undefined) return undefined;
    return {
      id: attr(node, "id") ?? "",
      name,
      state: attr(node, "crmd") ?? "",
      hasQuorum: attr(node, "have-quorum") === "true",
      isRemote: attr(node, "remote_node") === "true",
    };
  }

  /** Asks the controller of one node, or, without a name, that of the cluster (the DC). */
  async ping(node?: string, timeoutMs?: number): Promise<PingAnswer> {
    const to = node === undefined ? { to: "dc" } : { to: "crmd", host: node };
    const event = await this.#ask({ task: "ping", ...to }, timeoutMs);
    const data = dataOf(event, "crm_xml");
    return {
      node: attr(event, "src") ?? "",
      subsystem: (data && attr(data, "crm_subsystem")) ?? "",
      state: (data && attr(data, "crmd_state")) ?? "",
      result: (data && attr(data, "result")) ?? "",
    };
  }

  /** Forgets the operation history of a resource on a node, so that it is probed again. */
  async deleteHistory(target: ResourceTarget, timeoutMs?: number): Promise<XmlElement> {
    return this.#resourceOrder("lrm_delete", target, timeoutMs);
  }

  /** Makes a resource count as failed on a node. */
  async failResource(target: ResourceTarget, timeoutMs?: number): Promise<XmlElement> {
    return this.#resourceOrder("lrm_fail", target, timeoutMs);
  }

  /** Probes all resources again, on one node or on all. */
  async reprobe(node?: string, timeoutMs?: number): Promise<XmlElement> {
    const data = element("data_for_probe_again", { on_node: node });
    const request = { task: "probe_again", to: "crmd", data };
    return this.#ask(request, timeoutMs, (event) => attr(event, "crm_task") === "lrm_invoke");
  }

  /** Forgets a node that is gone for good; nothing answers. */
  async removeNodeCache(name: string | undefined, id: string | undefined): Promise<void> {
    await this.#post({ task: "rm_node_cache", to: "crmd", attrs: nodeAttrs(name, id) });
  }

  close(): void {
    this.connection.close();
  }

  #resourceOrder(
    task: string,
    target: ResourceTarget,
    timeoutMs: number | undefined,
  ): Promise<XmlElement> {
    const router = target.routerNode ?? target.node;
    const data = element(
      "rsc_op",
      {
        "transition-key": `${this.connection.host.pid}:${NO_TRANSITION}`,
        on_node: target.node,
        router_node: router === target.node ? undefined : router,
        mode: target.cibOnly === true ? "cib" : undefined,
      },
      [
        element("primitive", {
          id: target.id,
          "long-id": target.longId,
          class: target.standard,
          provider: target.provider,
          type: target.type,
        }),
        element("attributes", { crm_feature_set: FEATURE_SET, CRM_meta_timeout: "60000" }),
      ],
    );
    const host = target.cibOnly === true ? {} : { host: router };
    const answered = (event: XmlElement) => attr(event, "crm_task") === "lrm_invoke";
    return this.#ask({ task, to: "crmd", data, ...host }, timeoutMs, answered);
  }

  async #post(fields: Omit<EnvelopeFields, "from">): Promise<void> {
    await this.connection.post(envelope(this.connection.host, { ...fields, from: this.#from }).xml);
  }

  /** Sends and waits for the event of the same reference, or the first that `matches`. */
  async #ask(
    fields: Omit<EnvelopeFields, "from">,
    timeoutMs = EVENT_TIMEOUT_MS,
    matches?: (event: XmlElement) => boolean,
  ): Promise<XmlElement> {
    const { xml, reference } = envelope(this.connection.host, { ...fields, from: this.#from });
    const answer = this.connection.waitFor(
      matches ?? ((event) => attr(event, "reference") === reference),
      timeoutMs,
    );
    await this.connection.post(xml);
    return answer;
  }
}

/** Attributes that name a node in rm_node_cache. */
export function nodeAttrs(
  name: string | undefined,
  id: string | undefined,
): Readonly<Record<string, string>> {
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { uname: name }) };
}

/** Connects and says hello. Rejects with IpcError. */
export async function connectController(host: ClientHost): Promise<ControllerClient> {
  const client = new ControllerClient(await connectManager(host, "crmd"));
  try {
    await client.hello();
    return client;
  } catch (error) {
    client.close();
    if (error instanceof IpcError) throw error;
    throw new IpcError("protocol", String(error));
  }
}
