import { describe, expect, test } from "bun:test";
import { CmapService } from "../../../lib/cmap/service.ts";
import type { CmapValue } from "../../../lib/wire/cmap.ts";
import { readHeader } from "../../../lib/wire/fields.ts";
import { CsError } from "../../../lib/wire/ipc/cs-error.ts";
import {
  type CmapRequest,
  CmapTrack,
  decodeCmapEvent,
  decodeCmapGet,
  decodeCmapHandle,
  decodeCmapIterated,
  encodeCmapRequest,
} from "../../../lib/wire/ipc/services-cmap.ts";

const u32 = (value: number): CmapValue => ({ type: "u32", value });

function ask(service: CmapService, request: CmapRequest, client = 1) {
  const effects = service.request(client, encodeCmapRequest(request));
  const [answer, ...events] = effects;
  if (answer?.kind !== "respond") throw new Error("no answer");
  return { message: answer.message, error: readHeader(answer.message).error, events };
}

describe("the configuration map", () => {
  test("sets, gets, adjusts, deletes", () => {
    const service = new CmapService();
    expect(ask(service, { op: "set", key: "a.key", value: u32(5) }).error).toBe(CsError.ok);
    expect(
      decodeCmapGet(ask(service, { op: "get", key: "a.key", bufferBytes: 0 }).message),
    ).toMatchObject({
      lengthBytes: 4,
      value: undefined,
    });
    expect(ask(service, { op: "adjust", key: "a.key", step: -6 }).error).toBe(CsError.ok);
    const got = decodeCmapGet(ask(service, { op: "get", key: "a.key", bufferBytes: 4 }).message);
    expect(got.value).toEqual(u32(0xffffffff));
    expect(ask(service, { op: "delete", key: "a.key" }).error).toBe(CsError.ok);
    expect(ask(service, { op: "get", key: "a.key", bufferBytes: 0 }).error).toBe(CsError.notExist);
    expect(ask(service, { op: "delete", key: "a.key" }).error).toBe(CsError.notExist);
  });

  test("refuses short names, odd names, and what the daemon owns", () => {
    const service = new CmapService();
    const error = (key: string) => ask(service, { op: "set", key, value: u32(1) }).error;
    expect(error("ab")).toBe(CsError.nameTooLong);
    expect(error("a b c")).toBe(CsError.nameTooLong);
    expect(error("totem.version")).toBe(CsError.access);
    expect(error("nodelist.node.0.nodeid")).toBe(CsError.access);
    expect(error("runtime.config.totem.token")).toBe(CsError.access);
    expect(error("uidgid.gid.105")).toBe(CsError.ok);
  });

  test("a buffer that is too small is an error", () => {
    const service = new CmapService();
    service.put("a.key", { type: "string", value: "long text" });
    const { error } = ask(service, { op: "get", key: "a.key", bufferBytes: 3 });
    expect(error).toBe(CsError.invalidParameter);
  });

  test("iterates in byte order and survives deletions meanwhile", () => {
    const service = new CmapService();
    for (const key of ["b.two", "a.one", "b.one", "c.one"]) service.put(key, u32(1));
    const { handle } = decodeCmapHandle(ask(service, { op: "iterate", prefix: "b." }).message);
    const next = () => decodeCmapIterated(ask(service, { op: "iterate-next", handle }).message);
    expect(next().key).toBe("b.one");
    service.remove("b.two");
    expect(next().error).toBe(CsError.noSections);
    expect(ask(service, { op: "iterate-end", handle }, 2).error).toBe(CsError.badHandle);
    expect(ask(service, { op: "iterate-end", handle }).error).toBe(CsError.ok);
  });

  test("tracks tell what changed, and only that", () => {
    const service = new CmapService();
    const bits = CmapTrack.add | CmapTrack.modify | CmapTrack.delete | CmapTrack.prefix;
    const { handle } = decodeCmapHandle(
      ask(service, { op: "track", key: "a.", bits, cookie: 7n }, 3).message,
    );
    const events = [
      ...service.put("a.key", u32(1)),
      ...service.put("a.key", u32(1)),
      ...service.put("other.key", u32(1)),
      ...service.put("a.key", u32(2)),
      ...service.remove("a.key"),
    ].map((e) => (e.kind === "send-event" ? [e.client, decodeCmapEvent(e.message)] : []));
    expect(events).toEqual([
      [
        3,
        { cookie: 7n, key: "a.key", event: CmapTrack.add, newValue: u32(1), oldValue: undefined },
      ],
      [
        3,
        { cookie: 7n, key: "a.key", event: CmapTrack.modify, newValue: u32(2), oldValue: u32(1) },
      ],
      [
        3,
        {
          cookie: 7n,
          key: "a.key",
          event: CmapTrack.delete,
          newValue: undefined,
          oldValue: u32(2),
        },
      ],
    ]);
    expect(ask(service, { op: "untrack", handle }, 4).error).toBe(CsError.notExist);
    service.dropClient(3);
    expect(service.put("a.key", u32(9))).toEqual([]);
  });

  test("the map of statistics is made when asked for, and is read only", () => {
    let made = 0;
    const cleared: string[] = [];
    const service = new CmapService({
      all: () => new Map([["stats.srp.x", { type: "u64", value: BigInt(++made) }]]),
      clear: (what) => cleared.push(what),
    });
    expect(ask(service, { op: "select-map", map: 1 }).error).toBe(CsError.ok);
    const got = decodeCmapGet(
      ask(service, { op: "get", key: "stats.srp.x", bufferBytes: 8 }).message,
    );
    expect(got.value).toEqual({ type: "u64", value: 1n });
    const write = (key: string) => ask(service, { op: "set", key, value: u32(1) }).error;
    expect(write("a.key")).toBe(CsError.access);
    expect(write("stats.clear.nothing")).toBe(CsError.access);
    expect(write("stats.clear.ipc")).toBe(CsError.ok);
    expect(cleared).toEqual(["ipc"]);
    expect(ask(service, { op: "select-map", map: 2 }).error).toBe(CsError.notExist);
  });
});
