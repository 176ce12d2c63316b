/** Messages between members: what is sent comes back, anything else is refused and never throws. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../lib/base/error.ts";
import { decodeMessage, encodeMessage, type Message } from "../../../lib/pacemakerd/messages.ts";
import { GroupPort, GroupTracker } from "../../../lib/pacemakerd/ring.ts";

const samples: readonly Message[] = [
  { kind: "goodbye" },
  { kind: "persisted", label: "1.8/1:2", upTo: 4 },
  { kind: "attribute", node: "n1", name: "a", value: "ü", pattern: false },
  { kind: "attribute", node: "n1", name: "a", pattern: true },
  { kind: "order", label: "l", to: 2, key: "1:2:0:u", now: 5, body: "<rsc_op/>\n<!-- -->" },
  {
    kind: "state",
    label: "l",
    quorateSeq: 8,
    quoratePosition: 3,
    joined: [[1, 8]],
    names: [[1, "n1"]],
    body: "<cib/>",
  },
];

describe("messages", () => {
  for (const message of samples) {
    test(`${message.kind} survives the wire`, () => {
      expect(decodeMessage(encodeMessage(message))).toEqual(message);
    });
  }

  test("a missing or wrong field, an unknown kind, no header: refused", () => {
    const bad = [
      '{"kind":"persisted","label":"l"}\n',
      '{"kind":"__proto__"}\n',
      "[]\n",
      "{}",
      "x\n",
    ];
    for (const text of bad) {
      expect(isRejection(decodeMessage(new TextEncoder().encode(text)))).toBe(true);
    }
  });

  test("random bytes never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeMessage(bytes);
        new GroupPort({ nodeId: 1, processId: 1 }).deliver({ nodeId: 2, processId: 2 }, bytes);
      }),
    );
  });
});

describe("long messages", () => {
  const sender = { nodeId: 1, processId: 7 };

  test("go in parts and come together, also when senders take turns", () => {
    const big = new Uint8Array(1_300_000).map((_, at) => at % 251);
    const one = new GroupPort(sender);
    const other = new GroupPort({ nodeId: 2, processId: 7 });
    const parts = one.send(big);
    expect(parts.length).toBe(3);
    const foreign = other.send(new Uint8Array([1, 2, 3]))[0]!;
    const receiver = new GroupPort({ nodeId: 3, processId: 7 });
    expect(receiver.deliver(sender, parts[0]!)).toBeUndefined();
    expect(receiver.deliver({ nodeId: 2, processId: 7 }, foreign)).toEqual(
      new Uint8Array([1, 2, 3]),
    );
    expect(receiver.deliver(sender, parts[1]!)).toBeUndefined();
    expect(receiver.deliver(sender, parts[2]!)).toEqual(big);
  });

  test("half a message at a configuration is sent again, whole", () => {
    const big = new Uint8Array(600_000).fill(3);
    const port = new GroupPort(sender);
    const [first, second] = port.send(big);
    expect(port.deliver(sender, first!)).toBeUndefined();
    const again = port.configuration();
    expect(again.length).toBe(2);
    expect(port.deliver(sender, second!)).toBeUndefined();
    port.deliver(sender, again[0]!);
    expect(port.deliver(sender, again[1]!)).toEqual(big);
    expect(port.configuration()).toEqual([]);
  });
});

describe("group and ring", () => {
  test("a configuration needs both, and ignores other groups", () => {
    const tracker = new GroupTracker();
    const members = [{ nodeId: 1, pid: 7 }];
    expect(tracker.news({ event: "configuration", group: "quorate", members })).toBeUndefined();
    expect(tracker.news({ event: "configuration", group: "crmd", members: [] })).toBeUndefined();
    const event = tracker.news({ event: "ring", ringId: { rep: 1, seq: 31 }, members: [1, 2] });
    expect(event).toEqual({
      kind: "cpg-configuration",
      members: [{ nodeId: 1, processId: 7 }],
      ringId: "1.1f",
      ringSeq: 31,
      ringMembers: [1, 2],
    });
  });
});
