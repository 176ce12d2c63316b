import { describe, expect, test } from "bun:test";
import { Cpg, type CpgCoreEffect, type CpgCoreEvent } from "../../../lib/cpg/cpg.ts";
import { CpgReason } from "../../../lib/wire/cpg.ts";
import { readHeader } from "../../../lib/wire/fields.ts";
import { CsError } from "../../../lib/wire/ipc/cs-error.ts";
import {
  type CpgEvent,
  type CpgRequest,
  decodeCpgEvent,
  decodeCpgMembership,
  encodeCpgRequest,
} from "../../../lib/wire/ipc/services-cpg.ts";

interface Got {
  readonly events: CpgEvent[];
  readonly answers: number[];
}

/** Cores whose messages are delivered to all of the same part, in one order. */
class Cluster {
  readonly cores = new Map<number, Cpg>();
  readonly got = new Map<string, Got>();
  private parts = new Map<number, readonly number[]>();
  private seq = 0;

  constructor(...nodes: readonly number[]) {
    for (const id of nodes) this.cores.set(id, new Cpg(id));
  }

  form(...members: readonly number[]): void {
    this.seq += 4;
    const ringId = { rep: Math.min(...members), seq: this.seq };
    for (const id of members) {
      const before = this.parts.get(id) ?? [];
      const along = (m: number) => members.includes(m) && this.parts.get(m) === before;
      const transitional = before.filter(along);
      this.send(id, { kind: "service-init", ringId, transitional, members });
    }
    for (const id of members) this.parts.set(id, members);
    for (const id of members) this.send(id, { kind: "service-process" });
    for (const id of members) this.send(id, { kind: "service-activate" });
  }

  restart(id: number): void {
    this.cores.set(id, new Cpg(id));
    this.parts.delete(id);
    for (const key of [...this.got.keys()]) if (key.startsWith(`${id}/`)) this.got.delete(key);
  }

  connect(node: number, client: number): Got {
    const got = { events: [], answers: [] };
    this.got.set(`${node}/${client}`, got);
    this.send(node, { kind: "client-connected", client });
    return got;
  }

  request(node: number, client: number, request: CpgRequest): void {
    this.send(node, { kind: "client-request", client, message: encodeCpgRequest(request) });
  }

  send(node: number, event: CpgCoreEvent): void {
    this.carry(node, this.cores.get(node)!.step(0, event));
  }

  private carry(node: number, effects: readonly CpgCoreEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "respond") {
        this.got.get(`${node}/${effect.client}`)?.answers.push(readHeader(effect.message).error);
      } else if (effect.kind === "send-event") {
        const event = decodeCpgEvent(effect.message);
        if (event !== undefined) this.got.get(`${node}/${effect.client}`)?.events.push(event);
      } else if (effect.kind === "multicast") {
        for (const member of this.parts.get(node) ?? [node]) {
          this.send(member, { kind: "deliver", from: node, body: effect.body });
        }
      }
    }
  }
}

const group = "crmd\0";
const join = (pid: number, flags = 0): CpgRequest => ({ op: "join", group, pid, flags });
const data = new TextEncoder().encode("hello");

/** A change as words: members, then who joined or left and why. */
function words(event: CpgEvent | undefined): string {
  if (event?.event !== "configuration") return event?.event ?? "nothing";
  const list = (items: readonly { nodeId: number; pid: number; reason: number }[]) =>
    items.map((m) => `${m.nodeId}/${m.pid}${m.reason === 0 ? "" : `:${m.reason}`}`).join(",");
  return `[${list(event.members)}] +[${list(event.joined)}] -[${list(event.left)}]`;
}

function two(): { cluster: Cluster; a: Got; b: Got } {
  const cluster = new Cluster(1, 2);
  cluster.form(1, 2);
  const a = cluster.connect(1, 1);
  const b = cluster.connect(2, 1);
  cluster.request(1, 1, join(200));
  cluster.request(2, 1, join(100));
  return { cluster, a, b };
}

describe("joining and leaving", () => {
  test("members are sorted, everybody learns of the newcomer, itself included", () => {
    const { a, b } = two();
    expect(a.events.map(words)).toEqual(["[1/200] +[1/200:1] -[]", "[1/200,2/100] +[2/100:1] -[]"]);
    expect(b.events.map(words)).toEqual(["[1/200,2/100] +[2/100:1] -[]"]);
  });

  test("the leaver gets its own change", () => {
    const { cluster, a, b } = two();
    cluster.request(2, 1, { op: "leave", group, pid: 100 });
    expect(words(b.events.at(-1))).toBe("[1/200] +[] -[2/100:2]");
    expect(words(a.events.at(-1))).toBe("[1/200] +[] -[2/100:2]");
    cluster.request(1, 1, { op: "multicast", data });
    expect(b.events.at(-1)?.event).toBe("configuration");
    cluster.request(2, 1, join(100));
    expect(b.answers).toEqual([CsError.ok, CsError.ok, CsError.ok]);
  });

  test("a client that dies leaves with the reason process down", () => {
    const { cluster, a } = two();
    cluster.send(2, { kind: "client-gone", client: 1 });
    expect(words(a.events.at(-1))).toBe(`[1/200] +[] -[2/100:${CpgReason.processDown}]`);
  });

  test("twice is refused", () => {
    const { cluster, a } = two();
    cluster.request(1, 1, join(200));
    expect(a.answers.at(-1)).toBe(CsError.exist);
  });

  test("membership and flags", () => {
    const { cluster } = two();
    const c = cluster.connect(1, 2);
    cluster.request(1, 2, join(300, 1));
    expect(c.events.map((e) => e.event)).toEqual(["ring", "configuration"]);
    const [answer] = cluster.cores.get(1)!.step(0, {
      kind: "client-request",
      client: 2,
      message: encodeCpgRequest({ op: "membership", group }),
    });
    if (answer?.kind !== "respond") throw new Error("no answer");
    expect(decodeCpgMembership(answer.message).map((m) => `${m.nodeId}/${m.pid}`)).toEqual([
      "1/200",
      "1/300",
      "2/100",
    ]);
  });
});

describe("messages", () => {
  test("reach all members, the sender included", () => {
    const { cluster, a, b } = two();
    cluster.request(1, 1, { op: "multicast", data });
    const expected = { event: "deliver", group, nodeId: 1, pid: 200, data } as const;
    expect(a.events.at(-1)).toEqual(expected);
    expect(b.events.at(-1)).toEqual(expected);
  });

  test("of a client that is in no group go nowhere", () => {
    const { cluster, a } = two();
    cluster.connect(1, 2);
    const before = a.events.length;
    cluster.request(1, 2, { op: "multicast", data });
    expect(a.events.length).toBe(before);
  });

  test("from a node without a process in the group are dropped", () => {
    const { cluster, a } = two();
    const stray = new Cpg(3).step(0, { kind: "client-connected", client: 1 });
    expect(stray).toEqual([]);
    const before = a.events.length;
    const sender = new Cluster(2);
    sender.form(2);
    sender.connect(2, 1);
    let body: Uint8Array | undefined;
    sender.request(2, 1, join(9));
    for (const effect of sender.cores.get(2)!.step(0, {
      kind: "client-request",
      client: 1,
      message: encodeCpgRequest({ op: "multicast", data }),
    })) {
      if (effect.kind === "multicast") body = effect.body;
    }
    cluster.send(1, { kind: "deliver", from: 3, body: body! });
    expect(a.events.length).toBe(before);
  });
});

describe("changes of the ring", () => {
  test("processes of a lost node leave with node down, and come back with node up", () => {
    const { cluster, a, b } = two();
    cluster.form(1);
    expect(words(a.events.at(-1))).toBe("[1/200] +[] -[2/100:3]");
    cluster.form(2);
    expect(words(b.events.at(-1))).toBe("[2/100] +[] -[1/200:3]");
    cluster.form(1, 2);
    expect(words(a.events.at(-1))).toBe("[1/200,2/100] +[2/100:4] -[]");
    expect(words(b.events.at(-1))).toBe("[1/200,2/100] +[1/200:4] -[]");
  });

  test("a node that came back within one change is first gone, then there", () => {
    const { cluster, a } = two();
    cluster.restart(2);
    const again = cluster.connect(2, 5);
    cluster.form(2);
    cluster.request(2, 5, join(101));
    cluster.form(1, 2);
    expect(a.events.slice(-2).map(words)).toEqual([
      "[1/200] +[] -[2/100:3]",
      "[1/200,2/101] +[2/101:4] -[]",
    ]);
    expect(words(again.events.at(-1))).toBe("[1/200,2/101] +[1/200:4] -[]");
  });

  test("a process that its node does not list any more is dropped", () => {
    const { cluster, a } = two();
    const forgetful = new Cpg(2);
    cluster.cores.set(2, forgetful);
    cluster.form(1, 2);
    expect(words(a.events.at(-1))).toBe("[1/200] +[] -[2/100:5]");
  });

  test("an aborted round loses nobody who went", () => {
    const { cluster, a } = two();
    const ringId = { rep: 1, seq: 99 };
    cluster.send(1, { kind: "service-init", ringId, transitional: [1], members: [1] });
    cluster.send(1, { kind: "service-abort" });
    const next = { rep: 1, seq: 103 };
    cluster.send(1, { kind: "service-init", ringId: next, transitional: [1], members: [1] });
    cluster.send(1, { kind: "service-process" });
    cluster.send(1, { kind: "service-activate" });
    expect(words(a.events.at(-1))).toBe("[1/200] +[] -[2/100:3]");
  });

  test("joins wait while members synchronise", () => {
    const { cluster } = two();
    const c = cluster.connect(1, 9);
    const ringId = { rep: 1, seq: 99 };
    cluster.send(1, { kind: "service-init", ringId, transitional: [1, 2], members: [1, 2] });
    cluster.request(1, 9, join(77));
    expect(c.answers).toEqual([CsError.tryAgain]);
  });
});

test("who asks to leave before its join came back is told nothing until then", () => {
  const core = new Cpg(1);
  const asks = (client: number, message: CpgRequest) =>
    core.step(0, { kind: "client-request", client, message: encodeCpgRequest(message) });
  const multicasts = (effects: readonly CpgCoreEffect[]) =>
    effects.flatMap((effect) => (effect.kind === "multicast" ? [effect.body] : []));
  const toldBy = (body: Uint8Array) =>
    core
      .step(0, { kind: "deliver", from: 1, body })
      .flatMap((effect) => (effect.kind === "send-event" ? [effect.client] : []));
  for (const client of [1, 2]) core.step(0, { kind: "client-connected", client });
  const [hasty] = multicasts(asks(1, { op: "join", group: "g", pid: 11, flags: 0 }));
  const [leave] = multicasts(asks(1, { op: "leave", group: "g", pid: 11 }));
  const [other] = multicasts(asks(2, { op: "join", group: "g", pid: 12, flags: 0 }));
  expect(toldBy(other!)).toEqual([2]);
  expect(toldBy(hasty!)).toEqual([1, 2]);
  expect(toldBy(leave!)).toEqual([1, 2]);
  expect(core.known).toEqual([{ group: "g", nodeId: 1, pid: 12 }]);
});
