/** The pure parts of the ring: sequences, sort queue, flow control, retransmission, membership, timers. */
import { describe, expect, test } from "bun:test";
import { account, allowance } from "../../../lib/totem/flow.ts";
import { companions, fillEntry, sameMembers } from "../../../lib/totem/membership.ts";
import { answerRequests, listGaps } from "../../../lib/totem/retransmit.ts";
import { beforeFirst, earlier, isBefore, later, ringText } from "../../../lib/totem/sequence.ts";
import { SortQueue, sortQueueSlots } from "../../../lib/totem/sort-queue.ts";
import { totemTimers } from "../../../lib/totem/timers.ts";
import type { CommitToken, RetransmitEntry } from "../../../lib/wire/totem.ts";
import { storedMessage } from "../support/stored-message.ts";

const ringId = { rep: 1, seq: 8 };

describe("sequence numbers", () => {
  test("wrap: the first aru of a ring comes before zero", () => {
    expect(isBefore(beforeFirst, 0)).toBe(true);
    expect(isBefore(0, beforeFirst)).toBe(false);
    expect(isBefore(0xfffffff0, 5)).toBe(true);
    expect(isBefore(5, 6)).toBe(true);
    expect(isBefore(6, 6)).toBe(false);
    expect([earlier(0xfffffff0, 5), later(0xfffffff0, 5)]).toEqual([0xfffffff0, 5]);
  });

  test("a ring id is printed with its sequence in hex", () => {
    expect(ringText({ rep: 6, seq: 13 })).toBe("6.d");
  });
});

describe("sort queue", () => {
  test("takes each number once, in any order, within its window", () => {
    const queue = new SortQueue();
    expect([
      queue.add(storedMessage(2)),
      queue.add(storedMessage(1)),
      queue.add(storedMessage(2)),
    ]).toEqual([true, true, false]);
    expect(queue.add(storedMessage(0))).toBe(false);
    expect(queue.add(storedMessage(sortQueueSlots))).toBe(true);
    expect(queue.add(storedMessage(sortQueueSlots + 1))).toBe(false);
  });

  test("released numbers are gone and make room at the other end", () => {
    const queue = new SortQueue();
    for (const seq of [1, 2, 3]) queue.add(storedMessage(seq));
    queue.release(2);
    expect(queue.get(2)).toBeUndefined();
    expect(queue.get(3)?.message.seq).toBe(3);
    expect(queue.add(storedMessage(2))).toBe(false);
    expect(queue.add(storedMessage(sortQueueSlots + 2))).toBe(true);
    queue.release(1);
    queue.release(2 + 2 * sortQueueSlots);
    expect(queue.released).toBe(2);
  });

  test("works across the wrap of 32 bits", () => {
    const queue = new SortQueue();
    queue.reset(0xfffffffe);
    expect([
      queue.add(storedMessage(0xffffffff)),
      queue.add(storedMessage(0)),
      queue.add(storedMessage(1)),
    ]).toEqual([true, true, true]);
    queue.release(0);
    expect(queue.get(0xffffffff)).toBeUndefined();
    expect(queue.get(1)?.message.seq).toBe(1);
  });
});

describe("flow control (section 5 steps 4 and 8)", () => {
  const limits = { windowSize: 50, maxMessages: 17 };

  test("a visit sends at most max_messages, and the ring at most the window in a rotation", () => {
    expect(allowance(limits, 0, 0, 100, { sent: 0, backlog: 0 })).toBe(17);
    expect(allowance(limits, 45, 0, 100, { sent: 0, backlog: 0 })).toBe(5);
    expect(allowance(limits, 70, 0, 100, { sent: 0, backlog: 0 })).toBe(0);
  });

  test("with a backlog everywhere, each gets its share of the window", () => {
    expect(allowance(limits, 0, 1000, 10, { sent: 0, backlog: 10 })).toBe(17);
    expect(allowance(limits, 0, 1000, 100, { sent: 0, backlog: 100 })).toBe(5);
  });

  test("the token's sums hold this node's share exactly once", () => {
    const memory = { sent: 3, backlog: 7 };
    expect(account(10, 20, 5, 2, memory)).toEqual({ fcc: 12, backlog: 15 });
    expect(memory).toEqual({ sent: 5, backlog: 2 });
    expect(account(12, 15, 0, 0, memory)).toEqual({ fcc: 7, backlog: 13 });
  });

  test("sums wrap as the originals' do", () => {
    expect(account(0, 0, 0, 0, { sent: 1, backlog: 1 })).toEqual({
      fcc: 0xffffffff,
      backlog: 0xffffffff,
    });
  });
});

describe("retransmission (section 5 step 5)", () => {
  test("what we hold is sent again while allowed, the rest stays in the token", () => {
    const queue = new SortQueue();
    for (const seq of [1, 2, 4]) queue.add(storedMessage(seq));
    const entries = [1, 2, 3, 4].map((seq) => ({ ringId, seq }));
    const foreign = { ringId: { rep: 1, seq: 4 }, seq: 1 };
    const answer = answerRequests(queue, ringId, [foreign, ...entries], 2);
    expect(answer.resend.map((item) => item.message.seq)).toEqual([1, 2]);
    expect(answer.entries.map((entry) => entry.seq)).toEqual([1, 3, 4]);
  });

  test("a gap is listed from its fifth visit on, once", () => {
    const queue = new SortQueue();
    queue.add(storedMessage(2));
    const entries: RetransmitEntry[] = [];
    for (let visit = 1; visit <= 4; visit++) listGaps(queue, ringId, entries, 0, 3, 5);
    expect(entries).toEqual([]);
    listGaps(queue, ringId, entries, 0, 3, 5);
    listGaps(queue, ringId, entries, 0, 3, 5);
    expect(entries.map((entry) => entry.seq)).toEqual([1, 3]);
  });

  test("a token never carries more than 30 entries", () => {
    const entries: RetransmitEntry[] = [];
    listGaps(new SortQueue(), ringId, entries, 0, 100, 1);
    expect(entries).toHaveLength(30);
  });

  test("a token's wild sequence costs no more than the window", () => {
    const entries: RetransmitEntry[] = [];
    listGaps(new SortQueue(), ringId, entries, 0, 0x7fffffff, 5);
    expect(entries).toEqual([]);
  });
});

describe("commit token (section 4.3)", () => {
  const old = { rep: 1, seq: 4 };
  const empty = { ringId: { rep: 0, seq: 0 }, aru: 0, highDelivered: 0, receivedFlag: 0 };
  const blank: CommitToken = {
    kind: "commit-token",
    nodeId: 1,
    target: 0,
    tokenSeq: 0,
    ringId,
    retransFlag: 0,
    memberIndex: 0,
    members: [1, 2, 3],
    entries: [empty, empty, empty],
  };
  const entry = (aru: number, ring = old) => ({
    ringId: ring,
    aru,
    highDelivered: aru,
    receivedFlag: 1,
  });

  test("everyone below the highest aru of the same old ring has not received everything", () => {
    const first = fillEntry(blank, 1, entry(5));
    const second = fillEntry(first, 2, entry(9));
    const third = fillEntry(second, 3, entry(2, { rep: 3, seq: 1 }));
    expect(third.entries.map((item) => item.receivedFlag)).toEqual([0, 1, 1]);
    expect([third.memberIndex, third.tokenSeq, third.nodeId]).toEqual([3, 3, 3]);
  });

  test("companions are old members that name our old ring; low is the least they all have", () => {
    const token = {
      ...blank,
      entries: [{ ...entry(5), receivedFlag: 0 }, entry(9), entry(2, { rep: 3, seq: 1 })],
    };
    expect(companions(token, [1, 2, 3, 4], old, 9)).toEqual({
      transitional: [1, 2],
      incomplete: true,
      low: 5,
    });
    expect(companions(token, [], old, 9).transitional).toEqual([]);
  });

  test("sets of members are compared without order", () => {
    expect(sameMembers([3, 1], [1, 3, 3])).toBe(true);
    expect(sameMembers([3, 1], [1])).toBe(false);
  });
});

describe("timers (section 4.1)", () => {
  test("are those of corosync 3 with three nodes", () => {
    const timers = totemTimers({ nodes: 3 });
    expect([timers.tokenMs, timers.tokenRetransmitMs, timers.holdMs, timers.consensusMs]).toEqual([
      3650, 869, 685, 4380,
    ]);
    expect(totemTimers({ nodes: 2 }).tokenRetransmitMs).toBe(714);
  });

  test("are those of corosync 1.4 in the legacy form", () => {
    const timers = totemTimers({ legacy: true, nodes: 3 });
    expect([timers.tokenMs, timers.tokenRetransmitMs, timers.holdMs, timers.consensusMs]).toEqual([
      1000, 238, 180, 1200,
    ]);
    expect(timers.tokenWarningPercent).toBe(0);
  });
});
