/**
 * pacemakerd's connections to corosync: group, quorum, configuration map. Turns what corosync says into events of the core;
 * when any of them closes, the ring is lost.
 */
import { limits } from "../../lib/base/limits.ts";
import { connectCmap } from "../../lib/client/cmap.ts";
import { withRetries } from "../../lib/client/corosync.ts";
import { type CpgClient, connectCpg } from "../../lib/client/cpg.ts";
import { connectQuorum, type QuorumClient } from "../../lib/client/quorum.ts";
import type { IpcTransport } from "../../lib/client/transport.ts";
import { connectVotequorum, type VotequorumClient } from "../../lib/client/votequorum.ts";
import type { PacemakerdEvent, QuorumEvent, VotesKnown } from "../../lib/pacemakerd/api.ts";
import { FOREIGN_GROUPS, GROUP_NAME, GroupTracker, readVotes } from "../../lib/pacemakerd/ring.ts";
import { sleepMs } from "../../lib/runtime/clock.ts";
import type { VotequorumInfo } from "../../lib/wire/ipc/services-votequorum.ts";

/** What corosync's configuration tells us about this node. */
export interface Place {
  readonly nodeId: number;
  readonly nodeName: string;
  readonly form: "legacy" | "nodelist";
  readonly clusterName: string | undefined;
}

const FOREIGN_POLL_MS = 5000;
const IP_ADDRESS = /^[\d.]+$|:/;

/** Reads node id, name and form from corosync; rejects while corosync is not there. */
export async function findPlace(ipc: IpcTransport, hostName: string): Promise<Place> {
  const cpg = await connectCpg(ipc);
  const nodeId = await cpg.localNodeId().finally(() => cpg.close());
  const cmap = await connectCmap(ipc);
  try {
    let nodeName = hostName;
    let listed = false;
    for (let at = 0; ; at++) {
      const id = await cmap.getNumber(`nodelist.node.${at}.nodeid`);
      if (id === undefined) break;
      listed = true;
      if (id !== nodeId) continue;
      const address = await cmap.getString(`nodelist.node.${at}.ring0_addr`);
      const named = await cmap.getString(`nodelist.node.${at}.name`);
      if (named !== undefined) nodeName = named;
      else if (address !== undefined && !IP_ADDRESS.test(address)) nodeName = address;
    }
    return {
      nodeId,
      nodeName,
      form: listed ? "nodelist" : "legacy",
      clusterName: await cmap.getString("totem.cluster_name"),
    };
  } finally {
    cmap.close();
  }
}

/** Lets members of group haclient use corosync's services, as the original manager does; no harm when refused. */
export async function allowGroup(ipc: IpcTransport, gid: number): Promise<void> {
  const cmap = await connectCmap(ipc);
  try {
    await cmap.set(`uidgid.gid.${gid}`, { type: "u8", value: 1 });
  } catch {
    // Only tools of members of that group would miss it.
  } finally {
    cmap.close();
  }
}

/** What votequorum says of the members' votes; nothing where it is not there. */
async function votesKnown(
  client: VotequorumClient | undefined,
  { nodes }: QuorumEvent,
): Promise<VotesKnown> {
  const infos: VotequorumInfo[] = [];
  try {
    for (const nodeId of nodes) {
      const info = await client?.info(nodeId);
      if (info !== undefined) infos.push(info);
    }
  } catch {
    // The ring is about to be lost, or its quorum service is another.
  }
  return readVotes(infos);
}

export class RingLink {
  private readonly cpg: CpgClient;
  private readonly quorum: QuorumClient;
  private readonly post: (event: PacemakerdEvent) => void;
  private votes: VotequorumClient | undefined;
  private readonly tracker = new GroupTracker();
  private timer: NodeJS.Timeout | undefined;
  private lost = false;
  private foreign = "";
  private readonly outbox: Uint8Array[] = [];
  private sending: Promise<void> | undefined;
  /** Many messages wait (true), or few again (false): clients may be held back meanwhile. */
  onBusy: (busy: boolean) => void = () => {};

  private constructor(
    cpg: CpgClient,
    quorum: QuorumClient,
    post: (event: PacemakerdEvent) => void,
  ) {
    this.cpg = cpg;
    this.quorum = quorum;
    this.post = post;
    cpg.onEvent = (event) => {
      if (event.event === "deliver") {
        const from = { nodeId: event.nodeId, processId: event.pid };
        if (event.group === GROUP_NAME) this.post({ kind: "cpg-deliver", from, body: event.data });
      } else if (event.event !== "partial") {
        const configuration = this.tracker.news(event);
        if (configuration !== undefined) this.post(configuration);
      }
    };
    cpg.connection.onClose = () => this.onLost();
    quorum.connection.onClose = () => this.onLost();
  }

  /** Connects. Events come only after `join`, when the caller can already send. */
  static async open(ipc: IpcTransport, post: (event: PacemakerdEvent) => void): Promise<RingLink> {
    return new RingLink(await connectCpg(ipc), await connectQuorum(ipc), post);
  }

  /** Follows quorum and joins the group. */
  async join(ipc: IpcTransport, processId: number): Promise<void> {
    await this.followQuorum(ipc);
    await this.lookForOthers();
    await withRetries(() => this.cpg.join(GROUP_NAME, processId, true), sleepMs);
    this.timer = setInterval(() => void this.lookForOthers().catch(() => {}), FOREIGN_POLL_MS);
  }

  private async followQuorum(ipc: IpcTransport): Promise<void> {
    const hasProvider = await this.quorum.hasProvider();
    const votes = await connectVotequorum(ipc).catch(() => undefined);
    this.votes = votes;
    let latest: QuorumEvent | undefined;
    // One after another: what is told last is the latest.
    let telling = Promise.resolve();
    const tell = () => {
      const event = latest;
      if (event === undefined) return;
      telling = telling.then(async () =>
        this.post({ ...event, ...(await votesKnown(votes, event)) }),
      );
    };
    this.quorum.onEvent = (event) => {
      if (event.event !== "quorum") return;
      latest = {
        kind: "quorum",
        quorate: event.quorate || !hasProvider,
        ringSeq: event.ringId.seq,
        nodes: event.members,
      };
      tell();
    };
    if (votes !== undefined) {
      votes.onEvent = (event) => {
        if (event.event === "expected") tell();
      };
      await votes.track(true).catch(() => {});
    }
    await this.quorum.track(true);
  }

  /** HOUSE rule 11: does another manager have members in this ring? */
  private async lookForOthers(): Promise<void> {
    if (this.lost) return;
    const found: string[] = [];
    for (const group of FOREIGN_GROUPS) {
      if ((await this.cpg.membership(group)).length > 0) found.push(group.replace("\0", ""));
    }
    const text = found.join(" ");
    if (text === this.foreign) return;
    this.foreign = text;
    this.post({ kind: "foreign-groups", groups: found });
  }

  private onLost(): void {
    if (this.lost) return;
    this.lost = true;
    clearInterval(this.timer);
    this.post({ kind: "ring-lost" });
  }

  /**
   * Sends to the group, after what waits already. The caller never waits: while the ring forms anew, resources still have to
   * be watched. A ring that is gone takes nothing any more.
   */
  multicast(body: Uint8Array): void {
    if (this.lost) return;
    this.outbox.push(body);
    if (this.outbox.length === limits.managerOutboxHigh) this.onBusy(true);
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
    });
  }

  private async sendAll(): Promise<void> {
    try {
      for (let body = this.outbox[0]; body !== undefined; body = this.outbox[0]) {
        await this.cpg.multicast(body, sleepMs);
        this.outbox.shift();
        if (this.outbox.length === limits.managerOutboxLow) this.onBusy(false);
      }
    } catch {
      this.onLost();
    }
  }

  /** Resolves when everything is sent, or after a while. */
  async farewell(): Promise<void> {
    await Promise.race([this.sending, sleepMs(limits.managerFarewellMs)]);
  }

  close(): void {
    this.lost = true;
    clearInterval(this.timer);
    this.votes?.close();
    this.quorum.close();
    this.cpg.close();
  }
}
