/**
 * cmap as clients see it: requests in, answers and track events out (spec/ipc section 2.1). Two maps: the configuration
 * map, and `stats`, which is made when it is asked for.
 */
import { limits } from "../base/limits.ts";
import type { CmapValue } from "../wire/cmap.ts";
import { readHeader, statusResponse } from "../wire/fields.ts";
import { CsError } from "../wire/ipc/cs-error.ts";
import type { FrontDoorEffect } from "../wire/ipc/front-door.ts";
import {
  CMAP_NAME_MAX,
  type CmapRequest,
  cmapResponseIdOf,
  decodeCmapRequest,
  encodeCmapEvent,
  encodeCmapGet,
  encodeCmapGetError,
  encodeCmapHandle,
  encodeCmapIterated,
  encodeCmapIterationEnd,
  encodeCmapStatus,
} from "../wire/ipc/services-cmap.ts";
import { ConfigurationMap, type TrackNotice } from "./map.ts";

/** Reading side of a map. */
interface ReadableMap {
  get(key: string): CmapValue | undefined;
  keys(prefix: string): readonly string[];
}

const KEY_MINIMUM = 3;
/** Written to the stats map, these set counters back. */
const CLEAR_KEY = /^stats\.clear\.(knet|ipc|totem|schedmiss|all)$/;
const VALID_KEY = /^[A-Za-z0-9._/:-]+$/;

/** Keys that clients must not write: they tell what is so, not what is wanted. */
const READ_ONLY =
  /^(internal_configuration\.|runtime\.(services|config|totem|members|votequorum|connections)\.|uidgid\.config\.|system\.|nodelist\.|totem\.(version|transport|interface\.|secauth$|crypto_|key|rrp_mode$|ip_version$|netmtu$|threads$|nodeid$))/;

/** Where the `stats` map comes from. */
export interface StatisticsSource {
  /** The whole map, made at the moment it is asked for. */
  all(): ReadonlyMap<string, CmapValue>;
  /** Sets counters back: knet, ipc, totem, schedmiss or all. */
  clear(what: string): void;
}

interface Iteration {
  readonly client: number;
  readonly keys: readonly string[];
  readonly map: ReadableMap;
  next: number;
}

/** Adds `step` to a whole number, wrapping as its type does; undefined for other types. */
function adjusted(value: CmapValue, step: number): CmapValue | undefined {
  switch (value.type) {
    case "i64":
      return { type: "i64", value: BigInt.asIntN(64, value.value + BigInt(step)) };
    case "u64":
      return { type: "u64", value: BigInt.asUintN(64, value.value + BigInt(step)) };
    case "i8":
    case "i16":
    case "i32": {
      const bits = Number(value.type.slice(1));
      return { type: value.type, value: Number(BigInt.asIntN(bits, BigInt(value.value + step))) };
    }
    case "u8":
    case "u16":
    case "u32": {
      const bits = Number(value.type.slice(1));
      return { type: value.type, value: Number(BigInt.asUintN(bits, BigInt(value.value + step))) };
    }
    default:
      return undefined;
  }
}

export class CmapService {
  readonly map = new ConfigurationMap();
  private readonly stats: StatisticsSource;
  private readonly chosen = new Map<number, ReadableMap>();
  private readonly iterations = new Map<bigint, Iteration>();
  private nextHandle = 1n;

  constructor(stats: StatisticsSource = { all: () => new Map(), clear: () => {} }) {
    this.stats = stats;
  }

  /** Sets a key from inside the daemon, read-only or not. */
  put(key: string, value: CmapValue): readonly FrontDoorEffect[] {
    return this.tell(this.map.set(key, value));
  }

  /** Removes a key from inside the daemon. */
  remove(key: string): readonly FrontDoorEffect[] {
    return this.tell(this.map.delete(key) ?? []);
  }

  private tell(notices: readonly TrackNotice[]): readonly FrontDoorEffect[] {
    return notices.map(({ client, change }) => ({
      kind: "send-event",
      client,
      message: encodeCmapEvent(change),
    }));
  }

  /** Forgets a client that is gone. */
  dropClient(client: number): void {
    this.map.dropClient(client);
    this.chosen.delete(client);
    for (const [handle, iteration] of this.iterations) {
      if (iteration.client === client) this.iterations.delete(handle);
    }
  }

  /** Answers one request. */
  request(client: number, message: Uint8Array): readonly FrontDoorEffect[] {
    const request = decodeCmapRequest(message);
    const respond = (bytes: Uint8Array): FrontDoorEffect => ({
      kind: "respond",
      client,
      message: bytes,
    });
    if (request === undefined) {
      const { id } = readHeader(message);
      return [respond(statusResponse(cmapResponseIdOf(id), CsError.invalidParameter))];
    }
    switch (request.op) {
      case "set":
      case "delete":
      case "adjust":
        return this.write(client, request);
      case "get":
        return [respond(this.read(client, request.key, request.bufferBytes))];
      case "iterate":
        return [respond(this.iterate(client, request.prefix))];
      case "iterate-next":
        return [respond(this.iterateNext(client, request.handle))];
      case "iterate-end": {
        const known = this.iterations.get(request.handle)?.client === client;
        if (known) this.iterations.delete(request.handle);
        const error = known ? CsError.ok : CsError.badHandle;
        return [respond(encodeCmapStatus("iterate-end", error))];
      }
      case "track":
        return [respond(this.track(client, request))];
      case "untrack": {
        const cookie = this.map.removeTrack(client, request.handle);
        const error = cookie === undefined ? CsError.notExist : CsError.ok;
        return [respond(encodeCmapHandle("untrack", error, cookie ?? 0n))];
      }
      case "select-map":
        return [respond(this.selectMap(client, request.map))];
    }
  }

  private mapOf(client: number): ReadableMap {
    return this.chosen.get(client) ?? this.map;
  }

  private read(client: number, key: string, bufferBytes: number): Uint8Array {
    const value = this.mapOf(client).get(key);
    if (value === undefined) return encodeCmapGetError(CsError.notExist);
    return encodeCmapGet(value, bufferBytes);
  }

  private write(
    client: number,
    request: Extract<CmapRequest, { op: "set" | "delete" | "adjust" }>,
  ): readonly FrontDoorEffect[] {
    const { key } = request;
    const status = (error: number, notices: readonly TrackNotice[] = []) => [
      { kind: "respond", client, message: encodeCmapStatus(request.op, error) } as const,
      ...this.tell(notices),
    ];
    if (key.length > CMAP_NAME_MAX) return status(CsError.nameTooLong);
    // The original has no other word for a key that is too short or has letters that no key may have.
    if (key.length < KEY_MINIMUM || !VALID_KEY.test(key)) return status(CsError.nameTooLong);
    if (this.chosen.has(client)) {
      const what = request.op === "set" ? CLEAR_KEY.exec(key)?.[1] : undefined;
      if (what === undefined) return status(CsError.access);
      this.stats.clear(what);
      return status(CsError.ok);
    }
    if (READ_ONLY.test(key)) return status(CsError.access);
    if (request.op === "set") {
      const old = this.map.get(key);
      const room = this.map.size < limits.cmapKeys || old !== undefined;
      return room ? status(CsError.ok, this.map.set(key, request.value)) : status(CsError.noMemory);
    }
    const before = this.map.get(key);
    if (before === undefined) return status(CsError.notExist);
    if (request.op === "delete") return status(CsError.ok, this.map.delete(key) ?? []);
    const after = adjusted(before, request.step);
    if (after === undefined) return status(CsError.invalidParameter);
    return status(CsError.ok, this.map.set(key, after));
  }

  private iterate(client: number, prefix: string): Uint8Array {
    const own = [...this.iterations.values()].filter((i) => i.client === client).length;
    if (own >= limits.ipcHandlesPerClient) {
      return encodeCmapHandle("iterate", CsError.noResources, 0n);
    }
    const map = this.mapOf(client);
    const handle = this.nextHandle++;
    this.iterations.set(handle, { client, keys: map.keys(prefix), map, next: 0 });
    return encodeCmapHandle("iterate", CsError.ok, handle);
  }

  private iterateNext(client: number, handle: bigint): Uint8Array {
    const iteration = this.iterations.get(handle);
    if (iteration === undefined || iteration.client !== client) {
      return encodeCmapIterationEnd(CsError.badHandle);
    }
    while (iteration.next < iteration.keys.length) {
      const key = iteration.keys[iteration.next++]!;
      const value = iteration.map.get(key);
      if (value !== undefined) return encodeCmapIterated(key, value);
    }
    return encodeCmapIterationEnd(CsError.noSections);
  }

  private track(client: number, request: Extract<CmapRequest, { op: "track" }>): Uint8Array {
    const { key, bits, cookie } = request;
    if ((bits & ~15) !== 0 || (bits & 7) === 0) {
      return encodeCmapHandle("track", CsError.invalidParameter, 0n);
    }
    if (this.map.tracksOf(client) >= limits.ipcHandlesPerClient) {
      return encodeCmapHandle("track", CsError.noResources, 0n);
    }
    return encodeCmapHandle("track", CsError.ok, this.map.addTrack({ client, key, bits, cookie }));
  }

  private selectMap(client: number, map: number): Uint8Array {
    if (map !== 0 && map !== 1) return encodeCmapStatus("select-map", CsError.notExist);
    if (map === 0) this.chosen.delete(client);
    else {
      this.chosen.set(client, {
        get: (key) => this.stats.all().get(key),
        keys: (prefix) => [...this.stats.all().keys()].filter((k) => k.startsWith(prefix)).sort(),
      });
    }
    return encodeCmapStatus("select-map", CsError.ok);
  }
}
