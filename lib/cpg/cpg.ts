/**
 * Closed process groups (spec/totem section 8, spec/ipc section 2.2): who is in which group, in the order that the ring
 * gives; messages go to the members of a group, and only from nodes that have a process in it.
 *
 * A process is in a group when its join has come back from the ring. After a change of the ring: processes of nodes that
 * went are removed (reason node down), processes that the others list are added (node up), what nobody lists any more is
 * dropped (process down), and only then the members of the ring are told.
 */

import type { LogEffect, Millis } from "../base/core.ts";
import { limits } from "../base/limits.ts";
import {
  type CpgMessage,
  CpgReason,
  decodeCpg,
  encodeCpg,
  type JoinListEntry,
} from "../wire/cpg.ts";
import { readHeader, statusResponse } from "../wire/fields.ts";
import { CsError } from "../wire/ipc/cs-error.ts";
import type { FrontDoorEffect } from "../wire/ipc/front-door.ts";
import {
  type CpgMember,
  type CpgRequest,
  cpgResponseIdOf,
  decodeCpgRequest,
  encodeCpgEvent,
  encodeCpgIterated,
  encodeCpgIterator,
  encodeCpgLocal,
  encodeCpgMembership,
  encodeCpgStatus,
} from "../wire/ipc/services-cpg.ts";
import type { ServiceEvent, ServiceMulticast } from "../wire/service.ts";
import type { RingId } from "../wire/totem.ts";

export type CpgCoreEvent =
  | ServiceEvent
  | { readonly kind: "client-connected"; readonly client: number }
  | { readonly kind: "client-request"; readonly client: number; readonly message: Uint8Array }
  | { readonly kind: "client-gone"; readonly client: number };

export type CpgCoreEffect = ServiceMulticast | FrontDoorEffect | LogEffect;

interface Process {
  readonly group: string;
  readonly nodeId: number;
  readonly pid: number;
}

/** A local connection. It is in no group, joining, in one, or leaving it. */
interface Client {
  readonly client: number;
  group: string | undefined;
  pid: number;
  state: "out" | "joining" | "in" | "leaving";
  /** Its join has come back from the ring, its leave has not: it is told what happens in the group. */
  listens: boolean;
  wantsRing: boolean;
}

interface Iteration {
  readonly client: number;
  readonly entries: readonly Process[];
  next: number;
}

const byNodeThenPid = (a: Process, b: Process) => a.nodeId - b.nodeId || a.pid - b.pid;

/** What a client may put into one message: the ring's limit less our headers. */
const MESSAGE_MAX = limits.ringMessageBytes - 512;

export class Cpg {
  private readonly nodeId: number;
  private processes: readonly Process[] = [];
  private readonly clients = new Map<number, Client>();
  private readonly iterations = new Map<bigint, Iteration>();
  private nextHandle = 1n;
  private ringId: RingId = { rep: 0, seq: 0 };
  private members: readonly number[] = [];
  /** Nodes that went since the last activation, over aborted rounds too. */
  private readonly departed = new Set<number>();
  private joinLists = new Map<number, readonly JoinListEntry[]>();
  private downList: { readonly oldMembers: number; readonly left: readonly number[] } = {
    oldMembers: 0,
    left: [],
  };
  private synchronising = false;
  private out: CpgCoreEffect[] = [];

  constructor(nodeId: number) {
    this.nodeId = nodeId;
  }

  /** Every process in a group, sorted as clients see them. */
  get known(): readonly Process[] {
    return this.processes;
  }

  step(_now: Millis, event: CpgCoreEvent): readonly CpgCoreEffect[] {
    this.out = [];
    switch (event.kind) {
      case "service-init":
        this.onInit(event);
        break;
      case "service-process":
        this.onProcess();
        break;
      case "service-activate":
        this.onActivate();
        break;
      case "service-abort":
        this.joinLists = new Map();
        break;
      case "deliver":
        this.onMessage(event.from, event.body);
        break;
      case "client-connected":
        this.clients.set(event.client, {
          client: event.client,
          group: undefined,
          pid: 0,
          state: "out",
          listens: false,
          wantsRing: false,
        });
        break;
      case "client-request":
        this.onRequest(event.client, event.message);
        break;
      case "client-gone":
        this.onGone(event.client);
        break;
    }
    return this.out;
  }

  // --- the ring -----------------------------------------------------------------------------------------------------

  private onInit(event: Extract<ServiceEvent, { kind: "service-init" }>): void {
    const left = this.members.filter((id) => !event.transitional.includes(id));
    for (const id of left) this.departed.add(id);
    this.downList = { oldMembers: this.members.length, left };
    this.members = event.members;
    this.ringId = event.ringId;
    this.joinLists = new Map();
    this.synchronising = true;
  }

  private onProcess(): void {
    this.multicast({ kind: "down-list", ...this.downList });
    const entries = this.processes
      .filter((p) => p.nodeId === this.nodeId)
      .map(({ pid, group }) => ({ pid, group }));
    if (entries.length > 0) this.multicast({ kind: "join-list", entries });
  }

  private onActivate(): void {
    this.synchronising = false;
    this.remove((p) => this.departed.has(p.nodeId), CpgReason.nodeDown);
    this.departed.clear();
    const added: Process[] = [];
    for (const [nodeId, entries] of this.joinLists) {
      if (nodeId === this.nodeId || !this.members.includes(nodeId)) continue;
      for (const { group, pid } of entries) {
        if (this.find(group, nodeId, pid) === undefined) added.push({ group, nodeId, pid });
      }
    }
    this.add(added, CpgReason.nodeUp);
    const listed = (p: Process) =>
      p.nodeId === this.nodeId ||
      (this.joinLists.get(p.nodeId) ?? []).some((e) => e.pid === p.pid && e.group === p.group);
    this.remove((p) => !listed(p), CpgReason.processDown);
    this.joinLists = new Map();
    for (const { client, state, wantsRing } of this.clients.values()) {
      if (wantsRing && state === "in") this.tellRing(client);
    }
  }

  private onMessage(from: number, body: Uint8Array): void {
    const message = decodeCpg(body);
    if (message === undefined) return;
    switch (message.kind) {
      case "join":
        this.onJoin(from, message.group, message.pid);
        break;
      case "leave":
        this.onLeave(from, message.group, message.pid, message.reason);
        break;
      case "join-list":
        if (this.synchronising) this.joinLists.set(from, message.entries);
        break;
      case "down-list":
        break;
      case "multicast":
      case "partial":
        this.onData(from, message);
        break;
    }
  }

  private onJoin(nodeId: number, group: string, pid: number): void {
    const client = [...this.clients.values()].find(
      (c) => nodeId === this.nodeId && c.group === group && c.pid === pid && !c.listens,
    );
    if (client !== undefined) {
      client.listens = true;
      // It may have asked to leave meanwhile.
      if (client.state === "joining") client.state = "in";
      if (client.wantsRing) this.tellRing(client.client);
    }
    // A process of ours that died before its join came back leaves by the procleave that follows.
    if (this.find(group, nodeId, pid) === undefined) {
      this.add([{ group, nodeId, pid }], CpgReason.join);
    }
  }

  private onLeave(nodeId: number, group: string, pid: number, reason: number): void {
    this.remove((p) => p.group === group && p.nodeId === nodeId && p.pid === pid, reason);
    if (nodeId !== this.nodeId) return;
    for (const client of this.clients.values()) {
      if (client.group !== group || client.pid !== pid || client.state !== "leaving") continue;
      client.state = "out";
      client.listens = false;
      client.group = undefined;
    }
  }

  private onData(
    nodeId: number,
    message: Extract<CpgMessage, { kind: "multicast" | "partial" }>,
  ): void {
    const { group, pid, data } = message;
    if (!this.processes.some((p) => p.group === group && p.nodeId === nodeId)) {
      const text = `Unknown node ${nodeId} in group ${printable(group)} -> we will not deliver message`;
      this.out.push({ kind: "log", level: "warning", subsystem: "CPG", text });
      return;
    }
    const listeners = this.listeners(group);
    if (listeners.length === 0) return;
    const bytes =
      message.kind === "multicast"
        ? encodeCpgEvent({ event: "deliver", group, nodeId, pid, data })
        : encodeCpgEvent({
            event: "partial",
            group,
            totalBytes: message.totalBytes,
            nodeId,
            pid,
            part: message.part,
            data,
          });
    for (const client of listeners) {
      this.out.push({ kind: "send-event", client, message: bytes });
    }
  }

  // --- groups -------------------------------------------------------------------------------------------------------

  private find(group: string, nodeId: number, pid: number): Process | undefined {
    return this.processes.find((p) => p.group === group && p.nodeId === nodeId && p.pid === pid);
  }

  private listeners(group: string): readonly number[] {
    return [...this.clients.values()]
      .filter((c) => c.group === group && c.listens)
      .map((c) => c.client);
  }

  /** Adds processes; one configuration change for each group. */
  private add(added: readonly Process[], reason: number): void {
    if (added.length === 0) return;
    this.processes = [...this.processes, ...added].sort(byNodeThenPid);
    for (const [group, joined] of Map.groupBy(added, (p) => p.group)) {
      this.tellChange(group, joined, [], reason);
    }
  }

  /** Removes processes; one configuration change for each group. */
  private remove(gone: (process: Process) => boolean, reason: number): void {
    const left = this.processes.filter(gone);
    if (left.length === 0) return;
    this.processes = this.processes.filter((p) => !left.includes(p));
    for (const [group, processes] of Map.groupBy(left, (p) => p.group)) {
      this.tellChange(group, [], processes, reason);
    }
  }

  private tellChange(
    group: string,
    joined: readonly Process[],
    left: readonly Process[],
    reason: number,
  ): void {
    const listeners = this.listeners(group);
    if (listeners.length === 0) return;
    const withReason = (list: readonly Process[], why: number): readonly CpgMember[] =>
      list.toSorted(byNodeThenPid).map(({ nodeId, pid }) => ({ nodeId, pid, reason: why }));
    const message = encodeCpgEvent({
      event: "configuration",
      group,
      members: withReason(this.membersOf(group), 0),
      left: withReason(left, reason),
      joined: withReason(joined, reason),
    });
    for (const client of listeners) this.out.push({ kind: "send-event", client, message });
  }

  private membersOf(group: string): readonly Process[] {
    return this.processes.filter((p) => p.group === group);
  }

  private tellRing(client: number): void {
    const { ringId, members } = this;
    const message = encodeCpgEvent({ event: "ring", ringId, members });
    this.out.push({ kind: "send-event", client, message });
  }

  private multicast(message: CpgMessage): void {
    this.out.push({ kind: "multicast", body: encodeCpg(message, this.nodeId) });
  }

  // --- clients ------------------------------------------------------------------------------------------------------

  private onGone(id: number): void {
    const client = this.clients.get(id);
    this.clients.delete(id);
    for (const [handle, iteration] of this.iterations) {
      if (iteration.client === id) this.iterations.delete(handle);
    }
    if (client?.group === undefined || (client.state !== "in" && client.state !== "joining"))
      return;
    const { group, pid } = client;
    this.multicast({ kind: "leave", group, pid, reason: CpgReason.processDown });
  }

  private onRequest(id: number, message: Uint8Array): void {
    const client = this.clients.get(id);
    if (client === undefined) return;
    const request = decodeCpgRequest(message);
    if (request === undefined) {
      const answer = cpgResponseIdOf(readHeader(message).id);
      if (answer !== undefined) this.answer(id, statusResponse(answer, CsError.invalidParameter));
      return;
    }
    switch (request.op) {
      case "join":
        this.answer(id, encodeCpgStatus("join", this.requestJoin(client, request)));
        break;
      case "leave":
        this.answer(id, encodeCpgStatus("leave", this.requestLeave(client)));
        break;
      case "multicast":
        this.requestMulticast(client, request.data);
        break;
      case "partial":
        this.answer(id, encodeCpgStatus("partial", this.requestPartial(client, request)));
        break;
      case "membership": {
        const members = this.membersOf(request.group);
        this.answer(id, encodeCpgMembership(members.map((p) => ({ ...p, reason: 0 }))));
        break;
      }
      case "local":
        this.answer(id, encodeCpgLocal(this.nodeId));
        break;
      case "finalize":
        this.finalize(client);
        this.answer(id, encodeCpgStatus("finalize", CsError.ok));
        break;
      case "iterate":
        this.answer(id, this.iterate(id, request));
        break;
      case "iterate-next":
        this.answer(id, this.iterateNext(id, request.handle));
        break;
      case "iterate-end": {
        const known = this.iterations.get(request.handle)?.client === id;
        if (known) this.iterations.delete(request.handle);
        const error = known ? CsError.ok : CsError.badHandle;
        this.answer(id, encodeCpgStatus("iterate-end", error));
        break;
      }
    }
  }

  private answer(client: number, message: Uint8Array): void {
    this.out.push({ kind: "respond", client, message });
  }

  private requestJoin(client: Client, request: Extract<CpgRequest, { op: "join" }>): number {
    const { group, pid, flags } = request;
    const leaving = [...this.clients.values()].some(
      (c) => c.group === group && c.pid === pid && c.state === "leaving",
    );
    if (leaving || this.synchronising) return CsError.tryAgain;
    const already = [...this.clients.values()].some((c) => c.group === group && c.pid === pid);
    if (already || client.state !== "out") return CsError.exist;
    client.group = group;
    client.pid = pid;
    client.state = "joining";
    client.wantsRing = (flags & 1) !== 0;
    this.multicast({ kind: "join", group, pid, reason: CpgReason.join });
    return CsError.ok;
  }

  private requestLeave(client: Client): number {
    if (this.synchronising) return CsError.tryAgain;
    if (client.group === undefined || client.state === "out") return CsError.notExist;
    if (client.state === "leaving") return CsError.notExist;
    client.state = "leaving";
    const { group, pid } = client;
    this.multicast({ kind: "leave", group, pid, reason: CpgReason.leave });
    return CsError.ok;
  }

  /** The end of a connection said aloud: its process leaves, the connection stays until it closes. */
  private finalize(client: Client): void {
    if (client.group === undefined || (client.state !== "in" && client.state !== "joining")) return;
    client.state = "leaving";
    const { group, pid } = client;
    this.multicast({ kind: "leave", group, pid, reason: CpgReason.leave });
  }

  /** There is no answer to a multicast: what may not be sent is dropped with a word in the log. */
  private requestMulticast(client: Client, data: Uint8Array): void {
    const { group, pid } = client;
    if (group === undefined || client.state === "leaving" || data.length > MESSAGE_MAX) {
      const text = `dropped a message of ${data.length} bytes from pid ${pid}: not in a group, or too long`;
      this.out.push({ kind: "log", level: "warning", subsystem: "CPG", text });
      return;
    }
    this.multicast({ kind: "multicast", group, pid, data });
  }

  private requestPartial(client: Client, request: Extract<CpgRequest, { op: "partial" }>): number {
    const { totalBytes, part, data } = request;
    const { group, pid } = client;
    if (this.synchronising) return CsError.tryAgain;
    if (group === undefined || client.state === "leaving") return CsError.notExist;
    if (data.length > MESSAGE_MAX) return CsError.tooBig;
    this.multicast({ kind: "partial", group, pid, totalBytes, part, data });
    return CsError.ok;
  }

  private iterate(client: number, request: Extract<CpgRequest, { op: "iterate" }>): Uint8Array {
    const own = [...this.iterations.values()].filter((i) => i.client === client).length;
    if (own >= limits.ipcHandlesPerClient) return encodeCpgIterator(CsError.noResources, 0n);
    const entries =
      request.what === 1
        ? [...new Set(this.processes.map((p) => p.group))].map((group) => ({
            group,
            nodeId: 0,
            pid: 0,
          }))
        : this.processes.filter((p) => request.what === 3 || p.group === request.group);
    const handle = this.nextHandle++;
    const sorted = entries.toSorted((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
    this.iterations.set(handle, { client, entries: sorted, next: 0 });
    return encodeCpgIterator(CsError.ok, handle);
  }

  private iterateNext(client: number, handle: bigint): Uint8Array {
    const iteration = this.iterations.get(handle);
    if (iteration === undefined || iteration.client !== client) {
      return encodeCpgIterated(CsError.badHandle, undefined);
    }
    const entry = iteration.entries[iteration.next++];
    if (entry === undefined) return encodeCpgIterated(CsError.noSections, undefined);
    return encodeCpgIterated(CsError.ok, entry);
  }
}

function printable(group: string): string {
  return group.replace(/\0+$/, "");
}
