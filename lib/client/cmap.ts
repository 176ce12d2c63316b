/** corosync's configuration map (spec/ipc/ipc.md section 2.1). */

import type { CmapValue } from "../wire/cmap.ts";
import { CsError } from "../wire/ipc/cs-error.ts";
import { messageError } from "../wire/ipc/header.ts";
import {
  type CmapRequest,
  type CmapTrackEvent,
  cmapResponseId,
  decodeCmapEvent,
  decodeCmapGet,
  decodeCmapHandle,
  decodeCmapIterated,
  encodeCmapRequest,
} from "../wire/ipc/services-cmap.ts";
import { CorosyncError, exchange, exchangeOk } from "./corosync.ts";
import type { IpcConnection, IpcTransport } from "./transport.ts";

export type CmapListener = (change: CmapTrackEvent) => void;

export class CmapClient {
  readonly connection: IpcConnection;
  readonly #listeners = new Map<bigint, CmapListener>();
  #nextCookie = 1n;

  constructor(connection: IpcConnection) {
    this.connection = connection;
    connection.onEvent = (message) => {
      const change = decodeCmapEvent(message);
      if (change !== undefined) this.#listeners.get(change.cookie)?.(change);
    };
  }

  /** The value of a key; undefined when there is none. Asks for the length first, as the original's library does. */
  async get(key: string): Promise<CmapValue | undefined> {
    const size = await this.#exchange({ op: "get", key, bufferBytes: 0 });
    if (messageError(size) === CsError.notExist) return undefined;
    if (messageError(size) !== CsError.ok) throw new CorosyncError(key, messageError(size));
    const bufferBytes = decodeCmapGet(size).lengthBytes;
    const whole = await this.#exchange({ op: "get", key, bufferBytes });
    if (messageError(whole) === CsError.notExist) return undefined;
    if (messageError(whole) !== CsError.ok) throw new CorosyncError(key, messageError(whole));
    return decodeCmapGet(whole).value;
  }

  /** The value as text when it is a string. */
  async getString(key: string): Promise<string | undefined> {
    const value = await this.get(key);
    return value?.type === "string" ? value.value : undefined;
  }

  /** The value as a number when it is one of the integer or floating types. */
  async getNumber(key: string): Promise<number | undefined> {
    const value = await this.get(key);
    if (value === undefined || value.type === "string" || value.type === "binary") return undefined;
    return Number(value.value);
  }

  async set(key: string, value: CmapValue): Promise<void> {
    await this.#exchangeOk({ op: "set", key, value });
  }

  async delete(key: string): Promise<void> {
    await this.#exchangeOk({ op: "delete", key });
  }

  /** Adds `step` to an integer key. */
  async adjust(key: string, step: number): Promise<void> {
    await this.#exchangeOk({ op: "adjust", key, step });
  }

  /** The keys that begin with `prefix`, in the daemon's order. */
  async keys(prefix = ""): Promise<readonly string[]> {
    const { handle } = decodeCmapHandle(await this.#exchangeOk({ op: "iterate", prefix }));
    const keys: string[] = [];
    for (;;) {
      const response = await this.#exchange({ op: "iterate-next", handle });
      const step = decodeCmapIterated(response);
      if (step.error === CsError.noSections) break;
      if (step.error !== CsError.ok) throw new CorosyncError("iterate", step.error);
      keys.push(step.key);
    }
    await this.#exchange({ op: "iterate-end", handle });
    return keys;
  }

  /** 0 the configuration, 1 the statistics. */
  async selectMap(map: 0 | 1): Promise<void> {
    await this.#exchangeOk({ op: "select-map", map });
  }

  /**
   * Calls `listener` for each change of a key, or of all that begin with it.
   * @param bits CmapTrack bits.
   * @returns the handle for `untrack`.
   */
  async track(key: string, bits: number, listener: CmapListener): Promise<bigint> {
    const cookie = this.#nextCookie++;
    this.#listeners.set(cookie, listener);
    try {
      return decodeCmapHandle(await this.#exchangeOk({ op: "track", key, bits, cookie })).handle;
    } catch (error) {
      this.#listeners.delete(cookie);
      throw error;
    }
  }

  async untrack(handle: bigint): Promise<void> {
    const response = await this.#exchangeOk({ op: "untrack", handle });
    this.#listeners.delete(decodeCmapHandle(response).handle);
  }

  close(): void {
    this.connection.close();
  }

  #exchange(request: CmapRequest): Promise<Uint8Array> {
    const id = cmapResponseId(request.op);
    return exchange(this.connection, `cmap ${request.op}`, encodeCmapRequest(request), id);
  }

  #exchangeOk(request: CmapRequest): Promise<Uint8Array> {
    const id = cmapResponseId(request.op);
    const call = `cmap ${request.op}${"key" in request ? ` ${request.key}` : ""}`;
    return exchangeOk(this.connection, call, encodeCmapRequest(request), id);
  }
}

export async function connectCmap(ipc: IpcTransport): Promise<CmapClient> {
  return new CmapClient(await ipc.connect("cmap"));
}
