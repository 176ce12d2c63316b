/**
 * pacemakerd's client side of corosync, in memory and through the same codec as on real hosts (HOUSE section 8): effects of
 * one process become events of the other. The real one, over sockets, is cmd/pacemaker/ring-link.ts.
 */
import type { PacemakerdEvent } from "../pacemakerd/api.ts";
import { GROUP_NAME, GroupTracker } from "../pacemakerd/ring.ts";
import type { FrontDoorEffect, FrontDoorEvent } from "../wire/ipc/front-door.ts";
import { decodeCpgEvent, encodeCpgRequest } from "../wire/ipc/services-cpg.ts";
import {
  decodeQuorumEvent,
  encodeQuorumRequest,
  QuorumTrack,
} from "../wire/ipc/services-quorum.ts";

/** Wants the membership of the ring too. */
const JOIN_WITH_RING = 1;

/** One life of pacemakerd as a client of corosync. */
export class RingWire {
  private readonly cpg: number;
  private readonly quorum: number;
  private readonly pid: number;
  private readonly tracker = new GroupTracker();

  /** @param firstClient two client numbers from here on are ours. */
  constructor(firstClient: number, pid: number) {
    this.cpg = firstClient;
    this.quorum = firstClient + 1;
    this.pid = pid;
  }

  /** What corosync sees when the manager starts. */
  connect(): readonly FrontDoorEvent[] {
    const { pid } = this;
    const track = QuorumTrack.current | QuorumTrack.changes;
    return [
      this.connected("cpg", this.cpg),
      this.connected("quorum", this.quorum),
      this.request(this.quorum, encodeQuorumRequest({ op: "track", flags: track })),
      this.request(
        this.cpg,
        encodeCpgRequest({ op: "join", group: GROUP_NAME, pid, flags: JOIN_WITH_RING }),
      ),
    ];
  }

  private connected(service: string, client: number): FrontDoorEvent {
    return { kind: "client-connected", service, client, uid: 0, gid: 0, pid: this.pid };
  }

  private request(client: number, message: Uint8Array): FrontDoorEvent {
    return { kind: "client-request", client, message };
  }

  /** What corosync sees of a multicast. */
  multicast(body: Uint8Array): FrontDoorEvent {
    return this.request(this.cpg, encodeCpgRequest({ op: "multicast", data: body }));
  }

  /** What corosync sees when the manager is gone. */
  disconnect(): readonly FrontDoorEvent[] {
    return [
      { kind: "client-gone", client: this.cpg },
      { kind: "client-gone", client: this.quorum },
    ];
  }

  /** What the manager sees of an effect of corosync; nothing when it is for somebody else. */
  news(effect: FrontDoorEffect): readonly PacemakerdEvent[] {
    if (effect.kind === "drop-client") {
      return effect.client === this.cpg || effect.client === this.quorum
        ? [{ kind: "ring-lost" }]
        : [];
    }
    if (effect.kind !== "send-event") return [];
    if (effect.client === this.cpg) return this.groupNews(effect.message);
    if (effect.client !== this.quorum) return [];
    const event = decodeQuorumEvent(effect.message);
    if (event?.event !== "quorum") return [];
    const { quorate, ringId, members } = event;
    return [{ kind: "quorum", quorate, ringSeq: ringId.seq, nodes: members }];
  }

  private groupNews(message: Uint8Array): readonly PacemakerdEvent[] {
    const event = decodeCpgEvent(message);
    if (event === undefined || event.event === "partial") return [];
    if (event.event !== "deliver") {
      const configuration = this.tracker.news(event);
      return configuration === undefined ? [] : [configuration];
    }
    if (event.group !== GROUP_NAME) return [];
    const from = { nodeId: event.nodeId, processId: event.pid };
    return [{ kind: "cpg-deliver", from, body: event.data }];
  }
}
