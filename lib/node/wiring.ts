/**
 * pacemakerd's client side of corosync, in memory and through the same codec as on real hosts (HOUSE section 8): effects of
 * one process become events of the other. The real one, over sockets, is cmd/pacemaker/ring-link.ts.
 */
import type { PacemakerdEvent } from "../pacemakerd/api.ts";
import { GROUP_NAME, GroupTracker, readVotes } from "../pacemakerd/ring.ts";
import { CsError } from "../wire/ipc/cs-error.ts";
import type { FrontDoorEffect, FrontDoorEvent } from "../wire/ipc/front-door.ts";
import { messageError } from "../wire/ipc/header.ts";
import { decodeCpgEvent, encodeCpgRequest } from "../wire/ipc/services-cpg.ts";
import {
  decodeQuorumEvent,
  encodeQuorumRequest,
  QuorumTrack,
} from "../wire/ipc/services-quorum.ts";
import {
  decodeVotequorumInfo,
  encodeVotequorumRequest,
  type VotequorumInfo,
} from "../wire/ipc/services-votequorum.ts";

/** Wants the membership of the ring too. */
const JOIN_WITH_RING = 1;

/** What an effect of corosync means for either process. */
export interface WireNews {
  readonly toManager: readonly PacemakerdEvent[];
  readonly toCorosync: readonly FrontDoorEvent[];
}

/** A quorum event that waits for the answers about votes. */
interface Untold {
  readonly event: Extract<PacemakerdEvent, { kind: "quorum" }>;
  readonly infos: VotequorumInfo[];
  missing: number;
}

const NOTHING: WireNews = { toManager: [], toCorosync: [] };
/** Client numbers that one life takes. */
export const CLIENTS_PER_LIFE = 3;

/** One life of pacemakerd as a client of corosync. */
export class RingWire {
  private readonly cpg: number;
  private readonly quorum: number;
  private readonly votes: number;
  /** A join was refused as the ring synchronised; it is tried again when the ring takes requests. */
  private mustJoin = false;
  /** Quorum events; each is told when the votes behind it are known. */
  private readonly untold: Untold[] = [];
  private readonly pid: number;
  private readonly tracker = new GroupTracker();

  /** @param firstClient CLIENTS_PER_LIFE client numbers from here on are ours. */
  constructor(firstClient: number, pid: number) {
    this.cpg = firstClient;
    this.quorum = firstClient + 1;
    this.votes = firstClient + 2;
    this.pid = pid;
  }

  /** What corosync sees when the manager starts. */
  connect(): readonly FrontDoorEvent[] {
    const track = QuorumTrack.current | QuorumTrack.changes;
    this.mustJoin = true;
    return [
      this.connected("cpg", this.cpg),
      this.connected("quorum", this.quorum),
      this.connected("votequorum", this.votes),
      this.request(this.quorum, encodeQuorumRequest({ op: "track", flags: track })),
      this.join(),
    ];
  }

  private join(): FrontDoorEvent {
    const { pid } = this;
    return this.request(
      this.cpg,
      encodeCpgRequest({ op: "join", group: GROUP_NAME, pid, flags: JOIN_WITH_RING }),
    );
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
      { kind: "client-gone", client: this.votes },
    ];
  }

  /** What follows from an effect of corosync; nothing when it is for somebody else. */
  news(effect: FrontDoorEffect): WireNews {
    if (effect.kind === "drop-client") {
      const ours = effect.client === this.cpg || effect.client === this.quorum;
      return ours ? { ...NOTHING, toManager: [{ kind: "ring-lost" }] } : NOTHING;
    }
    if (effect.kind === "respond" && effect.client === this.votes) return this.votesKnown(effect);
    if (effect.kind === "respond" && effect.client === this.cpg) {
      this.mustJoin = messageError(effect.message) === CsError.tryAgain;
    }
    if (effect.kind === "flow-control" && effect.level === 0 && this.mustJoin) {
      return { ...NOTHING, toCorosync: [this.join()] };
    }
    if (effect.kind !== "send-event") return NOTHING;
    if (effect.client === this.cpg) {
      return { ...NOTHING, toManager: this.groupNews(effect.message) };
    }
    return effect.client === this.quorum ? this.quorumNews(effect.message) : NOTHING;
  }

  private quorumNews(message: Uint8Array): WireNews {
    const event = decodeQuorumEvent(message);
    if (event?.event !== "quorum") return NOTHING;
    const { quorate, ringId, members } = event;
    const told = { kind: "quorum", quorate, ringSeq: ringId.seq, nodes: members } as const;
    if (members.length === 0) return { ...NOTHING, toManager: [told] };
    this.untold.push({ event: told, infos: [], missing: members.length });
    const questions = members.map((nodeId) => encodeVotequorumRequest({ op: "get-info", nodeId }));
    return { ...NOTHING, toCorosync: questions.map((ask) => this.request(this.votes, ask)) };
  }

  private votesKnown(effect: Extract<FrontDoorEffect, { kind: "respond" }>): WireNews {
    const [untold] = this.untold;
    if (untold === undefined) return NOTHING;
    const info = decodeVotequorumInfo(effect.message);
    if (info !== undefined) untold.infos.push(info);
    if (--untold.missing > 0) return NOTHING;
    this.untold.shift();
    return { ...NOTHING, toManager: [{ ...untold.event, ...readVotes(untold.infos) }] };
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
