/**
 * quorum and votequorum as clients see them: requests, answers and track events (spec/ipc sections 2.3 and 2.4). It
 * reads the vote counter and is told by the composing core when something changed.
 */
import { readHeader, statusResponse } from "../wire/fields.ts";
import { CsError } from "../wire/ipc/cs-error.ts";
import type { FrontDoorEffect } from "../wire/ipc/front-door.ts";
import {
  decodeQuorumRequest,
  encodeQuorumEvent,
  encodeQuorumNumber,
  encodeQuorumStatus,
  QuorumTrack,
  quorumResponseIdOf,
} from "../wire/ipc/services-quorum.ts";
import {
  decodeVotequorumRequest,
  encodeVotequorumEvent,
  encodeVotequorumInfo,
  encodeVotequorumInfoError,
  encodeVotequorumStatus,
  VotequorumFlag,
  type VoterState,
  votequorumResponseIdOf,
} from "../wire/ipc/services-votequorum.ts";
import type { RingId } from "../wire/totem.ts";
import { isSaneWish } from "./tally.ts";
import type {
  KnownVoter,
  QuorumState,
  Votequorum,
  VotequorumEvent,
  VoterStatus,
} from "./votequorum.ts";

const STATES: Readonly<Record<VoterStatus, VoterState>> = { member: 1, dead: 2, leaving: 3 };

export class QuorumService {
  private readonly counter: Votequorum;
  private readonly models = new Map<number, 0 | 1>();
  /** Clients that track; true: also changes. */
  private readonly trackers = new Map<number, boolean>();
  private readonly votequorumTrackers = new Map<number, bigint>();
  private lastNodes: { readonly joined: readonly number[]; readonly left: readonly number[] } = {
    joined: [],
    left: [],
  };

  constructor(counter: Votequorum) {
    this.counter = counter;
  }

  dropClient(client: number): void {
    this.models.delete(client);
    this.trackers.delete(client);
    this.votequorumTrackers.delete(client);
  }

  /** A request to the service `quorum`. */
  quorumRequest(client: number, message: Uint8Array): readonly FrontDoorEffect[] {
    const request = decodeQuorumRequest(message);
    const respond = (bytes: Uint8Array): FrontDoorEffect => ({
      kind: "respond",
      client,
      message: bytes,
    });
    if (request === undefined) {
      const id = quorumResponseIdOf(readHeader(message).id) ?? readHeader(message).id;
      return [respond(statusResponse(id, CsError.invalidParameter))];
    }
    switch (request.op) {
      case "get-quorate":
        return [respond(encodeQuorumNumber(request.op, this.counter.quorate ? 1 : 0))];
      case "get-type":
        return [respond(encodeQuorumNumber(request.op, 1))];
      case "get-type-of-model":
        if (request.model > 1) {
          return [respond(encodeQuorumStatus(request.op, CsError.invalidParameter))];
        }
        this.models.set(client, request.model === 1 ? 1 : 0);
        return [respond(encodeQuorumNumber(request.op, 1))];
      case "track":
        return this.track(client, request.flags);
      case "untrack": {
        const known = this.trackers.delete(client);
        return [respond(encodeQuorumStatus("untrack", known ? CsError.ok : CsError.notExist))];
      }
    }
  }

  private track(client: number, flags: number): readonly FrontDoorEffect[] {
    const status = (error: number): FrontDoorEffect => ({
      kind: "respond",
      client,
      message: encodeQuorumStatus("track", error),
    });
    if (this.trackers.has(client)) return [status(CsError.exist)];
    const changes = QuorumTrack.changes | QuorumTrack.changesOnly;
    if ((flags & (QuorumTrack.current | changes)) === 0) return [status(CsError.invalidParameter)];
    const first =
      (flags & QuorumTrack.current) !== 0 ? this.events(client, this.counter.state) : [];
    // Who asked for the current state only is a tracker too: tools stop what they started.
    this.trackers.set(client, (flags & changes) !== 0);
    return [...first, status(CsError.ok)];
  }

  /** What one client is told of a state, in its model. */
  private events(client: number, state: QuorumState): readonly FrontDoorEffect[] {
    const model = this.models.get(client) ?? 0;
    const { quorate, ringId, members } = state;
    const quorum: FrontDoorEffect = {
      kind: "send-event",
      client,
      message: encodeQuorumEvent({ event: "quorum", model, quorate, ringId, members }),
    };
    if (model === 0) return [quorum];
    const nodes = encodeQuorumEvent({ event: "nodes", ringId, members, ...this.lastNodes });
    return [{ kind: "send-event", client, message: nodes }, quorum];
  }

  /** Quorum or membership has changed: tells all trackers of both services. */
  changed(
    state: QuorumState,
    nodes: { readonly joined: readonly number[]; readonly left: readonly number[] },
  ): readonly FrontDoorEffect[] {
    this.lastNodes = nodes;
    const told = [...this.trackers].flatMap(([client, changes]) =>
      changes ? this.events(client, state) : [],
    );
    const voted = [...this.votequorumTrackers].map(
      ([client, context]): FrontDoorEffect => this.votequorumEvent(client, context, state),
    );
    return [...told, ...voted];
  }

  /** The ring has new members; votequorum's trackers learn it before quorum is known. */
  membersChanged(ringId: RingId, members: readonly number[]): readonly FrontDoorEffect[] {
    return [...this.votequorumTrackers].map(([client, context]) => ({
      kind: "send-event",
      client,
      message: encodeVotequorumEvent({ event: "nodes", context, ringId, members }),
    }));
  }

  /** The expected votes have changed. */
  expectedChanged(expectedVotes: number): readonly FrontDoorEffect[] {
    return [...this.votequorumTrackers].map(([client, context]) => ({
      kind: "send-event",
      client,
      message: encodeVotequorumEvent({ event: "expected", context, expectedVotes }),
    }));
  }

  private votequorumEvent(client: number, context: bigint, state: QuorumState): FrontDoorEffect {
    const nodes = this.counter.known.map((voter) => ({
      nodeId: voter.nodeId,
      state: STATES[voter.status],
    }));
    const { quorate } = state;
    const message = encodeVotequorumEvent({ event: "quorum", context, quorate, nodes });
    return { kind: "send-event", client, message };
  }

  /** A request to the service `votequorum`. Changes go through the ring, so they come back as events. */
  votequorumRequest(
    client: number,
    message: Uint8Array,
  ): { readonly effects: readonly FrontDoorEffect[]; readonly order?: VotequorumEvent } {
    const request = decodeVotequorumRequest(message);
    const respond = (bytes: Uint8Array): FrontDoorEffect => ({
      kind: "respond",
      client,
      message: bytes,
    });
    if (request === undefined) {
      const id = votequorumResponseIdOf(readHeader(message).id);
      const answer =
        id === 1
          ? encodeVotequorumInfoError(CsError.invalidParameter)
          : statusResponse(id, CsError.notSupported);
      return { effects: [respond(answer)] };
    }
    const status = (error: number) => respond(encodeVotequorumStatus(request.op, error));
    switch (request.op) {
      case "get-info":
        return { effects: [respond(this.info(request.nodeId))] };
      case "set-expected": {
        if (!isSaneWish(this.counter.counts.totalVotes, request.votes)) {
          return { effects: [status(CsError.invalidParameter)] };
        }
        const order = { kind: "set-expected", votes: request.votes } as const;
        return { effects: [status(CsError.ok)], order };
      }
      case "set-votes": {
        const { votes, nodeId } = request;
        const voter = this.counter.known.find((known) => known.nodeId === nodeId);
        if (voter === undefined) return { effects: [status(CsError.nameNotFound)] };
        const { totalVotes, highestExpected } = this.counter.counts;
        const after = totalVotes + (voter.status === "member" ? votes - voter.votes : 0);
        if (!isSaneWish(after, Math.max(highestExpected, after))) {
          return { effects: [status(CsError.invalidParameter)] };
        }
        return { effects: [status(CsError.ok)], order: { kind: "set-votes", nodeId, votes } };
      }
      case "track":
        return { effects: this.trackVotes(client, request.context, status(CsError.ok)) };
      case "untrack":
        this.votequorumTrackers.delete(client);
        return { effects: [status(CsError.ok)] };
    }
  }

  private trackVotes(
    client: number,
    context: bigint,
    answer: FrontDoorEffect,
  ): readonly FrontDoorEffect[] {
    this.votequorumTrackers.set(client, context);
    const { state } = this.counter;
    const { ringId, members } = state;
    const nodes = encodeVotequorumEvent({ event: "nodes", context, ringId, members });
    return [
      answer,
      { kind: "send-event", client, message: nodes },
      this.votequorumEvent(client, context, state),
    ];
  }

  private flags(): number {
    const { settings, quorate, waitingForAll } = this.counter;
    const bit = (on: boolean, flag: number) => (on ? flag : 0);
    return (
      bit(settings.twoNode, VotequorumFlag.twoNode) |
      bit(quorate, VotequorumFlag.quorate) |
      bit(settings.waitForAll || waitingForAll, VotequorumFlag.waitForAll) |
      bit(settings.lastManStanding, VotequorumFlag.lastManStanding) |
      bit(settings.autoTieBreaker, VotequorumFlag.autoTieBreaker) |
      bit(settings.allowDownscale, VotequorumFlag.allowDownscale)
    );
  }

  private info(nodeId: number): Uint8Array {
    const { counts } = this.counter;
    const voter: KnownVoter | undefined = this.counter.known.find((v) => v.nodeId === nodeId);
    if (voter === undefined) return encodeVotequorumInfoError(CsError.notExist);
    return encodeVotequorumInfo({
      nodeId,
      state: STATES[voter.status],
      votes: voter.votes,
      expectedVotes: voter.expectedVotes,
      highestExpected: counts.highestExpected,
      totalVotes: counts.totalVotes,
      quorum: counts.quorum,
      flags: this.flags(),
      deviceVotes: 0,
      deviceName: "",
    });
  }
}
