import { expect, test } from "bun:test";
import fc from "fast-check";
import * as cfg from "../../../../lib/wire/ipc/services-cfg.ts";
import * as cmap from "../../../../lib/wire/ipc/services-cmap.ts";
import * as cpg from "../../../../lib/wire/ipc/services-cpg.ts";
import * as quorum from "../../../../lib/wire/ipc/services-quorum.ts";
import * as votequorum from "../../../../lib/wire/ipc/services-votequorum.ts";

const data = new Uint8Array([1, 2, 3]);
const group = "crmd\0";
const key = "totem.token";

test("every request comes back as it was sent", () => {
  const cmapRequests: readonly cmap.CmapRequest[] = [
    { op: "set", key, value: { type: "u32", value: 7 } },
    { op: "delete", key },
    { op: "get", key, bufferBytes: 12 },
    { op: "adjust", key, step: -3 },
    { op: "iterate", prefix: "" },
    { op: "iterate-next", handle: 5n },
    { op: "iterate-end", handle: 5n },
    { op: "track", key, bits: 15, cookie: 2n ** 63n },
    { op: "untrack", handle: 9n },
    { op: "select-map", map: 1 },
  ];
  for (const r of cmapRequests) {
    expect(cmap.decodeCmapRequest(cmap.encodeCmapRequest(r))).toEqual(r);
  }
  const cpgRequests: readonly cpg.CpgRequest[] = [
    { op: "join", group, pid: 12, flags: 1 },
    { op: "leave", group, pid: 12 },
    { op: "multicast", data },
    { op: "membership", group },
    { op: "local" },
    { op: "iterate", group, what: 2 },
    { op: "iterate-next", handle: 1n },
    { op: "iterate-end", handle: 1n },
    { op: "finalize" },
    { op: "partial", totalBytes: 9, part: 2, data },
  ];
  for (const r of cpgRequests) expect(cpg.decodeCpgRequest(cpg.encodeCpgRequest(r))).toEqual(r);
  const cfgRequests: readonly cfg.CfgRequest[] = [
    { op: "ring-status" },
    { op: "ring-reenable" },
    { op: "kill-node", nodeId: 7, reason: "because" },
    { op: "try-shutdown", flags: 1 },
    { op: "reply-to-shutdown", yes: true },
    { op: "node-addresses", nodeId: 7 },
    { op: "local" },
    { op: "reload" },
    { op: "reopen-logs" },
    { op: "node-status", nodeId: 7, version: 1 },
    { op: "track", flags: 0 },
    { op: "untrack" },
  ];
  for (const r of cfgRequests) expect(cfg.decodeCfgRequest(cfg.encodeCfgRequest(r))).toEqual(r);
  const quorumRequests: readonly quorum.QuorumRequest[] = [
    { op: "get-quorate" },
    { op: "track", flags: 3 },
    { op: "untrack" },
    { op: "get-type" },
    { op: "get-type-of-model", model: 1 },
  ];
  for (const r of quorumRequests) {
    expect(quorum.decodeQuorumRequest(quorum.encodeQuorumRequest(r))).toEqual(r);
  }
  const votes: readonly votequorum.VotequorumRequest[] = [
    { op: "get-info", nodeId: 7 },
    { op: "set-expected", votes: 5 },
    { op: "set-votes", votes: 2, nodeId: 7 },
    { op: "track", context: 77n, flags: 3 },
    { op: "untrack" },
  ];
  for (const r of votes) {
    expect(votequorum.decodeVotequorumRequest(votequorum.encodeVotequorumRequest(r))).toEqual(r);
  }
});

const ringId = { rep: 6, seq: 13 };
const member = { nodeId: 6, pid: 100, reason: 1 };

test("events and answers come back as they were sent", () => {
  const cpgEvents: readonly cpg.CpgEvent[] = [
    { event: "configuration", group, members: [member], left: [], joined: [member, member] },
    { event: "deliver", group, nodeId: 6, pid: 100, data },
    { event: "ring", ringId, members: [6, 7] },
    { event: "partial", group, totalBytes: 9, nodeId: 6, pid: 1, part: 3, data },
  ];
  for (const e of cpgEvents) expect(cpg.decodeCpgEvent(cpg.encodeCpgEvent(e))).toEqual(e);
  const quorumEvents: readonly quorum.QuorumEvent[] = [
    { event: "quorum", model: 0, quorate: true, ringId: { rep: 0, seq: 13 }, members: [6, 7] },
    { event: "quorum", model: 1, quorate: false, ringId, members: [6] },
    { event: "nodes", ringId, members: [6, 7], joined: [7], left: [8, 9] },
  ];
  for (const e of quorumEvents) {
    expect(quorum.decodeQuorumEvent(quorum.encodeQuorumEvent(e))).toEqual(e);
  }
  const votequorumEvents: readonly votequorum.VotequorumEvent[] = [
    { event: "quorum", context: 3n, quorate: true, nodes: [{ nodeId: 6, state: 1 }] },
    { event: "expected", context: 3n, expectedVotes: 5 },
    { event: "nodes", context: 3n, ringId, members: [6, 7, 8] },
  ];
  for (const e of votequorumEvents) {
    expect(votequorum.decodeVotequorumEvent(votequorum.encodeVotequorumEvent(e))).toEqual(e);
  }
  const change: cmap.CmapTrackEvent = {
    cookie: 4n,
    key,
    event: 2,
    newValue: { type: "string", value: "new" },
    oldValue: { type: "u8", value: 1 },
  };
  expect(cmap.decodeCmapEvent(cmap.encodeCmapEvent(change))).toEqual(change);
  const link = {
    enabled: true,
    connected: true,
    dynamic: false,
    mtu: 1410,
    source: "a",
    destination: "b",
  };
  const status = cfg.decodeCfgNodeStatus(
    cfg.encodeCfgNodeStatus({ nodeId: 7, reachable: true, links: [link] }, 1),
  );
  expect(status).toMatchObject({ nodeId: 7, reachable: true });
  expect(status?.links[0]).toEqual(link);
  expect(cfg.decodeCfgAddresses(cfg.encodeCfgAddresses(1, ["10.0.0.1"]))).toEqual(["10.0.0.1"]);
});

test("sizes are those of the original", () => {
  const { length } = cpg.encodeCpgMembership([member]);
  expect(length).toBe(9248);
  expect(cfg.encodeCfgRingStatus([]).length).toBe(10272);
  expect(cfg.encodeCfgNodeStatus({ nodeId: 1, reachable: true, links: [] }, 1).length).toBe(4200);
  expect(cmap.encodeCmapGet({ type: "u8", value: 1 }, 100).length).toBe(140);
  const one = { event: "quorum", model: 0, quorate: true, ringId, members: [6] } as const;
  expect(quorum.encodeQuorumEvent(one).length).toBe(52);
});

test("hostile requests are refused, never thrown at", () => {
  const decoders = [
    cmap.decodeCmapRequest,
    cpg.decodeCpgRequest,
    cfg.decodeCfgRequest,
    quorum.decodeQuorumRequest,
    votequorum.decodeVotequorumRequest,
    cmap.decodeCmapEvent,
    cpg.decodeCpgEvent,
    quorum.decodeQuorumEvent,
    votequorum.decodeVotequorumEvent,
    cfg.decodeCfgNodeStatus,
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(20), (noise, id) => {
      const bytes = noise.slice();
      if (bytes.length >= 4) new DataView(bytes.buffer).setInt32(0, id, true);
      for (const decode of decoders) expect(() => decode(bytes)).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});
