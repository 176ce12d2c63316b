/**
 * The ring's rules one by one, with one ring and what is said to it by hand: what the paper and spec/totem section 4 and 5
 * promise about tokens, timers, holding, joins, pauses, limits and goodbye.
 */
import { describe, expect, test } from "bun:test";
import type { TotemEffect, TotemEvent } from "../../../lib/totem/api.ts";
import { TotemRing } from "../../../lib/totem/ring.ts";
import { totemTimers } from "../../../lib/totem/timers.ts";
import {
  decodeTotem,
  encodeTotem,
  type Join,
  type OrfToken,
  type TotemMessage,
} from "../../../lib/wire/totem.ts";

const timers = totemTimers({ nodes: 2 });

/** Node 7 under test; what it sends to itself comes back at once, everything else is kept to look at. */
class Bench {
  readonly ring = new TotemRing({
    nodeId: 7,
    timers,
    ringIdPath: "/state/ringid_7",
    storedRingSeq: 0,
    logForm: "nodelist",
  });
  now = 0;
  effects: TotemEffect[] = [];
  readonly timers = new Map<string, number>();

  constructor() {
    this.give({ kind: "start" });
    this.give({ kind: "interface", up: true, address: "10.0.0.7" });
  }

  /** Gives an event and everything that follows from it; keeps the effects. */
  give(first: TotemEvent, hops = 40): readonly TotemEffect[] {
    this.effects = [];
    const queue: TotemEvent[] = [first];
    for (let left = hops; left > 0; left--) {
      const event = queue.shift();
      if (event === undefined) break;
      for (const effect of this.ring.step(this.now, event)) {
        this.effects.push(effect);
        if (effect.kind === "set-timer") this.timers.set(effect.name, effect.delayMs);
        else if (effect.kind === "cancel-timer") this.timers.delete(effect.name);
        else if (effect.kind === "send" && effect.to === 7) {
          queue.push({ kind: "datagram", data: effect.data });
        }
      }
    }
    return this.effects;
  }

  hear(message: TotemMessage, hops?: number): readonly TotemEffect[] {
    return this.give({ kind: "datagram", data: encodeTotem(message) }, hops);
  }

  /** Messages of this kind among the last effects. */
  sent<K extends TotemMessage["kind"]>(kind: K): readonly Extract<TotemMessage, { kind: K }>[] {
    return this.effects.flatMap((effect) => {
      const message = effect.kind === "send" ? decodeTotem(effect.data) : undefined;
      return message?.kind === kind ? [message as Extract<TotemMessage, { kind: K }>] : [];
    });
  }
}

const join = (from: number, proc: readonly number[], failed: readonly number[] = []): Join => ({
  kind: "join",
  nodeId: from,
  target: 0,
  systemFrom: from,
  proc,
  failed,
  ringSeq: 5,
});

/** Brings nodes 7 and 9 into one ring, 7 being its representative, and returns the token that 9 gives back. */
function pair(bench: Bench): OrfToken {
  bench.hear(join(9, [7, 9]));
  bench.hear(join(9, [7, 9]));
  const first = bench.sent("commit-token")[0]!;
  expect(first).toMatchObject({ memberIndex: 1, members: [7, 9], target: 9 });
  const entry = { ringId: { rep: 9, seq: 5 }, aru: 0, highDelivered: 0, receivedFlag: 1 };
  const filled = {
    ...first,
    nodeId: 9,
    tokenSeq: 2,
    memberIndex: 2,
    entries: [first.entries[0]!, entry],
  };
  bench.hear(filled);
  expect(bench.ring.state).toBe("recovery");
  bench.hear({ ...filled, tokenSeq: 4 });
  let token = bench.sent("orf-token")[0]!;
  for (let visit = 0; visit < 4; visit++) {
    token = turn(bench, token);
  }
  expect(bench.ring.members).toEqual([7, 9]);
  return token;
}

/** Node 9 forwards the token, with its own aru raised; 7 answers. Returns what 7 sent, or the token when it is held. */
function turn(bench: Bench, token: OrfToken, aru = token.seq): OrfToken {
  const passed = { ...token, nodeId: 9, target: 7, tokenSeq: token.tokenSeq + 1 };
  const lowered = passed.aru === 0xffffffff ? passed : { ...passed, aru };
  bench.hear(lowered, 1);
  return bench.sent("orf-token")[0] ?? passed;
}

describe("membership", () => {
  test("a node alone is a ring of its own before it has heard of anyone", () => {
    const bench = new Bench();
    expect(bench.ring.state).toBe("operational");
    expect(bench.ring.members).toEqual([7]);
    expect(bench.ring.ringId).toEqual({ rep: 7, seq: 5 });
  });

  test("the ring id is on disk since GATHER: the commit token does not wait for it", () => {
    const bench = new Bench();
    const gathered = bench.hear(join(9, [7, 9]));
    const committed = bench.hear(join(9, [7, 9]));
    expect(gathered.filter(({ kind }) => kind === "persist")).toHaveLength(1);
    expect(committed.filter(({ kind }) => kind === "persist")).toEqual([]);
    expect(committed.some((effect) => effect.kind === "send" && effect.to === 9)).toBe(true);
  });

  test("a ring id above what was written in GATHER is on disk before the commit token leaves", () => {
    const bench = new Bench();
    bench.hear(join(9, [7, 9]));
    const effects = bench.hear({ ...join(9, [7, 9]), ringSeq: 100 });
    const persist = effects.findIndex((effect) => effect.kind === "persist");
    const send = effects.findIndex((effect) => effect.kind === "send" && effect.to === 9);
    expect(persist).toBeGreaterThanOrEqual(0);
    expect(persist).toBeLessThan(send);
  });

  test("two nodes agree and become a ring; the first token is made once, in the third round", () => {
    const bench = new Bench();
    const token = pair(bench);
    expect(bench.ring.state).toBe("operational");
    expect(token.ringId).toEqual(bench.ring.ringId);
  });

  test("a repetition of the full commit token does not make the first token early", () => {
    const bench = new Bench();
    bench.hear(join(9, [7, 9]));
    bench.hear(join(9, [7, 9]));
    const first = bench.sent("commit-token")[0]!;
    const filled = { ...first, nodeId: 9, tokenSeq: 2, memberIndex: 2 };
    bench.hear(filled);
    bench.hear(filled);
    expect(bench.sent("orf-token")).toEqual([]);
  });

  test("a stale join of a member, and one that holds us for failed, do not disturb a ring", () => {
    const bench = new Bench();
    pair(bench);
    bench.hear(join(9, [7, 9]));
    expect(bench.ring.state).toBe("operational");
    bench.hear({ ...join(9, [7, 9], [7]), ringSeq: 99 });
    expect(bench.ring.state).toBe("operational");
  });

  test("a join from before our ring was formed does not make its sender failed, its repetition does", () => {
    const bench = new Bench();
    pair(bench);
    bench.hear(join(8, [8]), 1);
    const holdsUsFailed = join(8, [7, 8, 9], [7, 9]);
    bench.hear(holdsUsFailed, 1);
    bench.give({ kind: "timer", name: "join" });
    expect(bench.sent("join")).toMatchObject([{ proc: [7, 8, 9], failed: [] }]);
    bench.now += timers.joinMs;
    bench.hear(holdsUsFailed, 1);
    expect(bench.sent("join")).toMatchObject([{ proc: [7, 8, 9], failed: [8] }]);
  });

  test("a goodbye needs no timeout, and is no failure in the log", () => {
    const bench = new Bench();
    pair(bench);
    const leave = { ...join(9, [7], [9]), nodeId: 0, ringSeq: bench.ring.ringId.seq };
    bench.hear(leave);
    expect(bench.ring.members).toEqual([7]);
    const lines = bench.effects.flatMap((effect) => (effect.kind === "log" ? [effect.text] : []));
    expect(lines.some((line) => line.includes("Failed to receive the leave message"))).toBe(false);
  });

  test("after its own goodbye a node is silent and deaf", () => {
    const bench = new Bench();
    bench.give({ kind: "leave" });
    expect(bench.sent("join")).toMatchObject([{ nodeId: 0, systemFrom: 7, failed: [7] }]);
    expect(bench.hear(join(9, [7, 9]))).toEqual([]);
    expect(bench.give({ kind: "timer", name: "token" })).toEqual([]);
  });

  test("joins with node id 0, beyond the limits, or of our own are dropped", () => {
    const bench = new Bench();
    const many = Array.from({ length: 384 }, (_, index) => index + 1000);
    bench.hear(join(9, [0, 9]));
    bench.hear(join(7, [7, 9]));
    bench.hear({ ...join(9, [7, 9]), ringSeq: 2 ** 53 - 1 });
    expect(bench.ring.state).toBe("operational");
    bench.hear(join(9, many));
    expect(bench.sent("join")[0]?.proc.length ?? 0).toBeLessThanOrEqual(384);
  });
});

describe("token", () => {
  test("of another ring, or one that was here, is dropped", () => {
    const bench = new Bench();
    const token = pair(bench);
    const before = bench.ring.statistics["orf_token_rx"];
    bench.hear({ ...token, ringId: { rep: 9, seq: 999 }, tokenSeq: 500 }, 1);
    bench.hear({ ...token, tokenSeq: 1 }, 1);
    expect(bench.ring.statistics["orf_token_rx"]).toBe(before!);
  });

  test("is sent again when nobody answers, and the loss starts a new ring", () => {
    const bench = new Bench();
    pair(bench);
    bench.give({ kind: "timer", name: "retransmit" });
    expect(bench.sent("orf-token")).toHaveLength(1);
    expect(bench.timers.get("retransmit")).toBe(timers.tokenRetransmitMs);
    bench.give({ kind: "timer", name: "token" });
    expect(bench.ring.state).toBe("gather");
    expect(bench.timers.has("token")).toBe(false);
    expect(bench.timers.get("consensus")).toBe(timers.consensusMs);
    bench.give({ kind: "timer", name: "consensus" });
    expect(bench.ring.members).toEqual([7]);
  });

  test("an idle representative holds it; a message to send lets it go", () => {
    const bench = new Bench();
    let token = pair(bench);
    bench.give({ kind: "sync-complete", ringId: bench.ring.ringId });
    for (let visit = 0; visit < 31; visit++) token = turn(bench, token);
    expect(bench.sent("orf-token")).toEqual([]);
    expect(bench.timers.get("hold")).toBe(timers.holdMs);
    bench.give({ kind: "multicast", group: "a", body: new Uint8Array(10) });
    expect(bench.sent("orf-token")).toHaveLength(1);
    expect(bench.timers.has("hold")).toBe(false);
  });

  test("a member that has something to send makes it go on, once", () => {
    const bench = new Bench();
    let token = pair(bench);
    bench.give({ kind: "sync-complete", ringId: bench.ring.ringId });
    for (let visit = 0; visit < 31; visit++) token = turn(bench, token);
    const { ringId } = bench.ring;
    bench.hear({ kind: "hold-cancel", nodeId: 9, target: 0, ringId }, 1);
    expect(bench.sent("orf-token")).toHaveLength(1);
    bench.hear({ kind: "hold-cancel", nodeId: 9, target: 0, ringId }, 1);
    expect(bench.sent("orf-token")).toEqual([]);
  });

  test("carries at most max_messages of ours, numbered without a gap", () => {
    const bench = new Bench();
    const token = pair(bench);
    bench.give({ kind: "sync-complete", ringId: bench.ring.ringId });
    for (let count = 0; count < 40; count++) {
      bench.give({ kind: "multicast", group: "a", body: new Uint8Array(1300) });
    }
    const passed = turn(bench, token);
    const numbers = bench.sent("mcast").map((message) => message.seq);
    expect(numbers).toEqual(Array.from({ length: 17 }, (_, index) => token.seq + 1 + index));
    expect(passed).toMatchObject({ seq: token.seq + 17, fcc: 17 });
    expect(passed.backlog).toBeGreaterThan(17);
  });
});

describe("messages", () => {
  test("sent while services synchronise go before those that waited already", () => {
    const bench = new Bench();
    const token = pair(bench);
    bench.give({ kind: "sync-complete", ringId: bench.ring.ringId });
    bench.give({ kind: "multicast", group: "a", body: new Uint8Array([1]) });
    bench.give({ kind: "timer", name: "token" });
    bench.give({ kind: "timer", name: "consensus" });
    const first = [
      ...bench.give({ kind: "multicast", group: "a", body: new Uint8Array([2]) }),
      ...bench.give({ kind: "timer", name: "hold" }),
    ];
    const bodies = (effects: readonly TotemEffect[]) =>
      effects.flatMap((effect) => (effect.kind === "deliver" ? [effect.body[0]] : []));
    expect(bodies(first)).toEqual([2]);
    const ofEarlierRing = { kind: "sync-complete", ringId: token.ringId } as const;
    expect(bodies(bench.give(ofEarlierRing))).toEqual([]);
    expect(bodies(bench.give({ kind: "sync-complete", ringId: bench.ring.ringId }))).toEqual([1]);
    expect(token.ringId).not.toEqual(bench.ring.ringId);
  });

  test("that are too large are refused with a line, the queue's room is told", () => {
    const bench = new Bench();
    const effects = bench.give({
      kind: "multicast",
      group: "a",
      body: new Uint8Array(1024 * 1024 + 1),
    });
    expect(effects).toMatchObject([{ kind: "log", level: "error" }]);
    const before = bench.ring.queueRoom(1000);
    bench.give({ kind: "timer", name: "token" });
    bench.give({ kind: "multicast", group: "a", body: new Uint8Array(500_000) }, 1);
    expect(bench.ring.queueRoom(1000)).toBeLessThan(before);
  });
});

describe("a node that cannot receive (section 5 step 10)", () => {
  test("declares itself failed and goes on alone while the others do without it", () => {
    const bench = new Bench();
    let token = pair(bench);
    bench.give({ kind: "sync-complete", ringId: bench.ring.ringId });
    token = turn(bench, { ...token, seq: token.seq + 1 });
    for (let visit = 0; visit <= timers.failRecvConst && bench.ring.state !== "gather"; visit++) {
      const entries = visit < 5 ? [] : [{ ringId: token.ringId, seq: token.seq }];
      const passed = { ...token, nodeId: 9, target: 7, tokenSeq: token.tokenSeq + 1, entries };
      bench.hear(passed, 1);
      bench.give({ kind: "timer", name: "hold" }, 1);
      token = bench.sent("orf-token")[0] ?? {
        ...passed,
        aruAddr: 7,
        tokenSeq: passed.tokenSeq + 1,
      };
    }
    expect(bench.ring.state).toBe("gather");
    expect(bench.ring.statistics["gather_entered"]).toBeGreaterThan(0);
    bench.give({ kind: "timer", name: "join" });
    expect(bench.sent("join")).toMatchObject([{ proc: [7, 9], failed: [7] }]);
    bench.hear({ ...join(9, [7, 9], [7]), ringSeq: bench.ring.ringId.seq });
    expect(bench.ring.members).toEqual([7]);
    expect(bench.ring.state).toBe("operational");
  });
});

describe("pauses of the process", () => {
  test("joins from before a pause are ignored for a moment, and the pause is logged", () => {
    const bench = new Bench();
    pair(bench);
    bench.now += timers.tokenMs * 2;
    const old = { ...join(8, [8]), ringSeq: 1 };
    const effects = bench.hear(old, 1);
    expect(effects).toMatchObject([
      { kind: "log", text: "Process pause detected for 6000 ms, flushing membership messages." },
    ]);
    expect(bench.ring.state).toBe("operational");
    bench.now += 50;
    bench.hear(old, 1);
    expect(bench.ring.state).toBe("gather");
  });
});
