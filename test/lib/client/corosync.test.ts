/** The clients of corosync's services against scripted answers. */
import { expect, test } from "bun:test";
import { connectCmap } from "../../../lib/client/cmap.ts";
import { CorosyncError, withRetries } from "../../../lib/client/corosync.ts";
import { connectCpg } from "../../../lib/client/cpg.ts";
import { connectVotequorum } from "../../../lib/client/votequorum.ts";
import type { CmapValue } from "../../../lib/wire/cmap.ts";
import { CsError } from "../../../lib/wire/ipc/cs-error.ts";
import {
  type CmapTrackEvent,
  decodeCmapRequest,
  encodeCmapEvent,
  encodeCmapGet,
  encodeCmapGetError,
  encodeCmapHandle,
  encodeCmapIterated,
  encodeCmapIterationEnd,
  encodeCmapStatus,
} from "../../../lib/wire/ipc/services-cmap.ts";
import {
  decodeCpgRequest,
  encodeCpgEvent,
  encodeCpgStatus,
} from "../../../lib/wire/ipc/services-cpg.ts";
import { encodeVotequorumInfoError } from "../../../lib/wire/ipc/services-votequorum.ts";
import { memoryIpc, type Service } from "./memory-ipc.ts";

/** A small map that tells its trackers of each `set`. */
function cmapService(map: Map<string, CmapValue>): Service {
  let walk: string[] = [];
  let cookie = 0n;
  return (message) => {
    const request = decodeCmapRequest(message)!;
    switch (request.op) {
      case "get": {
        const value = map.get(request.key);
        const found = value && encodeCmapGet(value, request.bufferBytes);
        return { responses: [found ?? encodeCmapGetError(CsError.notExist)] };
      }
      case "set": {
        if (request.key === "fixed") {
          return { responses: [encodeCmapStatus("set", CsError.access)] };
        }
        map.set(request.key, request.value);
        const change = { cookie, key: request.key, event: 4, newValue: request.value };
        const event = encodeCmapEvent({ ...change, oldValue: undefined });
        return { responses: [encodeCmapStatus("set", CsError.ok)], events: [event] };
      }
      case "iterate":
        walk = [...map.keys()].filter((key) => key.startsWith(request.prefix));
        return { responses: [encodeCmapHandle("iterate", CsError.ok, 7n)] };
      case "iterate-next": {
        const key = walk.shift();
        if (key === undefined) return { responses: [encodeCmapIterationEnd(CsError.noSections)] };
        return { responses: [encodeCmapIterated(key, map.get(key)!)] };
      }
      case "track":
        cookie = request.cookie;
        return { responses: [encodeCmapHandle("track", CsError.ok, 5n)] };
      default:
        return { responses: [encodeCmapStatus(request.op, CsError.ok)] };
    }
  };
}

test("cmap: values by type, absent keys, keys by prefix, changes", async () => {
  const map = new Map<string, CmapValue>([
    ["totem.name", { type: "string", value: "köln" }],
    ["totem.token", { type: "u32", value: 3000 }],
    ["big", { type: "u64", value: 2n ** 40n }],
  ]);
  const cmap = await connectCmap(memoryIpc({ cmap: cmapService(map) }));
  expect(await cmap.get("totem.token")).toEqual({ type: "u32", value: 3000 });
  expect(await cmap.getString("totem.name")).toBe("köln");
  expect(await cmap.getString("totem.token")).toBeUndefined();
  expect(await cmap.getNumber("big")).toBe(2 ** 40);
  expect(await cmap.get("none")).toBeUndefined();
  expect(await cmap.keys("totem.")).toEqual(["totem.name", "totem.token"]);
  const changes: CmapTrackEvent[] = [];
  await cmap.track("x", 15, (change) => changes.push(change));
  await cmap.set("x", { type: "u8", value: 1 });
  await Bun.sleep(0);
  expect(changes.map((c) => [c.key, c.newValue?.value])).toEqual([["x", 1]]);
  await expect(cmap.set("fixed", { type: "u8", value: 1 })).rejects.toMatchObject({
    code: CsError.access,
  });
});

test("an answer of another request is no answer", async () => {
  const ipc = memoryIpc({ cmap: () => ({ responses: [encodeCmapStatus("delete", CsError.ok)] }) });
  const cmap = await connectCmap(ipc);
  await expect(cmap.set("x", { type: "u8", value: 1 })).rejects.toMatchObject({ code: "protocol" });
});

test("cpg: fragments of a message are put together, by sender", async () => {
  const group = "g";
  const part = (pid: number, n: 1 | 2 | 3, text: string) =>
    encodeCpgEvent({
      event: "partial",
      group,
      nodeId: 1,
      pid,
      part: n,
      totalBytes: 6,
      data: Buffer.from(text),
    });
  const events = [
    part(10, 1, "ab"),
    part(11, 1, "xy"),
    part(10, 2, "cd"),
    part(11, 3, "zz"),
    part(10, 3, "ef"),
    // A middle part without a first, and more than was announced: dropped.
    part(12, 2, "no"),
    part(13, 1, "toomuchtoomuch"),
    part(13, 3, "!"),
  ];
  const cpg = await connectCpg(
    memoryIpc({ cpg: () => ({ responses: [encodeCpgStatus("join", CsError.ok)], events }) }),
  );
  const got: string[] = [];
  cpg.onEvent = (event) => {
    if (event.event === "deliver") got.push(`${event.pid} ${Buffer.from(event.data).toString()}`);
  };
  await cpg.join(group, 10);
  await Bun.sleep(0);
  expect(got).toEqual(["11 xyzz", "10 abcdef", "13 !"]);
});

test("cpg: a message beyond the connection's size goes in fragments that cover it", async () => {
  const parts: { part: number; bytes: number; total: number }[] = [];
  const service: Service = (message) => {
    const request = decodeCpgRequest(message)!;
    if (request.op !== "partial") return {};
    const { part, data, totalBytes } = request;
    parts.push({ part, bytes: data.length, total: totalBytes });
    return { responses: [encodeCpgStatus("partial", CsError.ok)] };
  };
  const cpg = await connectCpg(memoryIpc({ cpg: service }));
  await cpg.multicast(new Uint8Array(2_500_000));
  expect(parts.map((p) => p.part)).toEqual([1, 2, 3]);
  expect(parts.reduce((sum, p) => sum + p.bytes, 0)).toBe(2_500_000);
  expect(new Set(parts.map((p) => p.total))).toEqual(new Set([2_500_000]));
});

test("votequorum: an unknown node is undefined, another error throws", async () => {
  let error: number = CsError.notExist;
  const ipc = memoryIpc({
    votequorum: () => ({ responses: [encodeVotequorumInfoError(error)] }),
  });
  const votequorum = await connectVotequorum(ipc);
  expect(await votequorum.info(9)).toBeUndefined();
  error = CsError.library;
  await expect(votequorum.info(9)).rejects.toBeInstanceOf(CorosyncError);
});

test("TRY_AGAIN is tried again, anything else is not", async () => {
  let calls = 0;
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const result = await withRetries(async () => {
    if (++calls < 4) throw new CorosyncError("join", CsError.tryAgain);
    return "joined";
  }, pause);
  expect([result, calls, pauses.length]).toEqual(["joined", 4, 3]);
  const refused = withRetries(async () => {
    throw new CorosyncError("join", CsError.exist);
  }, pause);
  await expect(refused).rejects.toMatchObject({ code: CsError.exist });
});
