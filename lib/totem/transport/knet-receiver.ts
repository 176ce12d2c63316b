/**
 * Data packets of one knet peer: each datagram of its ring is taken once, whatever number of links it came by, and put
 * together from its fragments (spec/totem/totem-wire.md section 9).
 */
import type { KnetData } from "../../wire/knet.ts";

/** Sequence numbers are 16 bits wide; this many of the latest are told apart from older ones. */
const windowSeqs = 4096;
const seqs = 65536;
/** Datagrams that may be incomplete at once; the oldest gives way. */
const mostIncomplete = 64;
/** Largest datagram of a ring (spec section 1.9). */
const largestDatagram = 65536;

interface Incomplete {
  readonly parts: (Uint8Array | undefined)[];
  missing: number;
  bytes: number;
}

export class KnetReceiver {
  private readonly seen = new Uint8Array(windowSeqs);
  private latest: number | undefined;
  private readonly incomplete = new Map<number, Incomplete>();

  /**
   * A ping names the peer's latest number. 0: it has just started, its numbers begin anew. One that lies behind all that
   * we remember: we have not heard of it for more than half of all numbers.
   */
  onPing(seq: number): void {
    if (seq !== 0 && (this.latest === undefined || this.isRemembered(seq))) return;
    this.latest = undefined;
    this.seen.fill(0);
    this.incomplete.clear();
  }

  private isRemembered(seq: number): boolean {
    const behind = ((this.latest ?? seq) - seq + seqs) % seqs;
    return behind < windowSeqs || behind > seqs / 2;
  }

  /** The whole datagram once its last fragment is there; undefined before, after, and for what is no use. */
  receive(packet: KnetData): Uint8Array | undefined {
    if (!this.isFresh(packet.seq)) return undefined;
    if (packet.fragments === 1) {
      this.finish(packet.seq);
      return packet.payload;
    }
    return this.collect(packet);
  }

  private collect(packet: KnetData): Uint8Array | undefined {
    let open = this.incomplete.get(packet.seq);
    if (open === undefined || open.parts.length !== packet.fragments) {
      const parts = new Array<undefined>(packet.fragments).fill(undefined);
      open = { parts, missing: packet.fragments, bytes: 0 };
      this.incomplete.set(packet.seq, open);
      const oldest = this.incomplete.keys().next().value;
      if (this.incomplete.size > mostIncomplete && oldest !== undefined) {
        this.incomplete.delete(oldest);
      }
    }
    const index = packet.fragment - 1;
    if (open.parts[index] !== undefined) return undefined;
    open.parts[index] = packet.payload;
    open.missing--;
    open.bytes += packet.payload.length;
    if (open.bytes > largestDatagram) {
      this.finish(packet.seq);
      return undefined;
    }
    if (open.missing > 0) return undefined;
    this.finish(packet.seq);
    return join(open);
  }

  /** False for a number that was finished, or is too old to know. Moves the window up to a new latest number. */
  private isFresh(seq: number): boolean {
    if (this.latest === undefined) this.latest = seq;
    const ahead = (seq - this.latest + seqs) % seqs;
    if (ahead > 0 && ahead < seqs / 2) {
      const cleared = Math.min(ahead, windowSeqs);
      for (let back = 0; back < cleared; back++) this.seen[(seq - back + seqs) % windowSeqs] = 0;
      this.latest = seq;
      return true;
    }
    const behind = (this.latest - seq + seqs) % seqs;
    return behind < windowSeqs && this.seen[seq % windowSeqs] === 0;
  }

  private finish(seq: number): void {
    this.seen[seq % windowSeqs] = 1;
    this.incomplete.delete(seq);
  }
}

function join(open: Incomplete): Uint8Array {
  const datagram = new Uint8Array(open.bytes);
  let offset = 0;
  for (const part of open.parts) {
    if (part === undefined) continue;
    datagram.set(part, offset);
    offset += part.length;
  }
  return datagram;
}
