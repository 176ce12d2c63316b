/**
 * The configuration map: typed values by key, watched by tracks (spec/ipc section 2.1). Keys are in byte order when they
 * are listed. Whoever changes the map gets the list of what the watchers have to be told.
 */
import { type CmapValue, sameCmapValue } from "../wire/cmap.ts";
import { CmapTrack, type CmapTrackEvent } from "../wire/ipc/services-cmap.ts";

export interface Track {
  readonly client: number;
  readonly key: string;
  readonly bits: number;
  readonly cookie: bigint;
}

/** A change that one watcher is to be told. */
export interface TrackNotice {
  readonly client: number;
  readonly change: CmapTrackEvent;
}

export class ConfigurationMap {
  private readonly values = new Map<string, CmapValue>();
  private readonly tracks = new Map<bigint, Track>();
  private sorted: readonly string[] | undefined;
  private nextHandle = 1n;

  get(key: string): CmapValue | undefined {
    return this.values.get(key);
  }

  get size(): number {
    return this.values.size;
  }

  /** Keys that begin with `prefix`, in byte order. */
  keys(prefix: string): readonly string[] {
    this.sorted ??= [...this.values.keys()].sort();
    return prefix === "" ? this.sorted : this.sorted.filter((key) => key.startsWith(prefix));
  }

  /** Sets a key; nobody is told when nothing changes. */
  set(key: string, value: CmapValue): readonly TrackNotice[] {
    const before = this.values.get(key);
    if (before !== undefined && sameCmapValue(before, value)) return [];
    this.values.set(key, value);
    if (before === undefined) this.sorted = undefined;
    return this.notices(
      key,
      before === undefined ? CmapTrack.add : CmapTrack.modify,
      value,
      before,
    );
  }

  /** Removes a key; undefined when there is none. */
  delete(key: string): readonly TrackNotice[] | undefined {
    const before = this.values.get(key);
    if (before === undefined) return undefined;
    this.values.delete(key);
    this.sorted = undefined;
    return this.notices(key, CmapTrack.delete, undefined, before);
  }

  private notices(
    key: string,
    event: number,
    newValue: CmapValue | undefined,
    oldValue: CmapValue | undefined,
  ): readonly TrackNotice[] {
    const found: TrackNotice[] = [];
    for (const { client, key: watched, bits, cookie } of this.tracks.values()) {
      const matches = (bits & CmapTrack.prefix) !== 0 ? key.startsWith(watched) : key === watched;
      if (!matches || (bits & event) === 0) continue;
      found.push({ client, change: { cookie, key, event, newValue, oldValue } });
    }
    return found;
  }

  /** Watches a key or a prefix; returns the handle to stop it with. */
  addTrack(track: Track): bigint {
    const handle = this.nextHandle++;
    this.tracks.set(handle, track);
    return handle;
  }

  /** The client's cookie of a track that is no longer watched; undefined when it was not this client's. */
  removeTrack(client: number, handle: bigint): bigint | undefined {
    const track = this.tracks.get(handle);
    if (track === undefined || track.client !== client) return undefined;
    this.tracks.delete(handle);
    return track.cookie;
  }

  /** Forgets all tracks of a client that is gone. */
  dropClient(client: number): void {
    for (const [handle, track] of this.tracks) {
      if (track.client === client) this.tracks.delete(handle);
    }
  }

  tracksOf(client: number): number {
    return [...this.tracks.values()].filter((track) => track.client === client).length;
  }
}
