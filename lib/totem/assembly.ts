/**
 * The receiver's side of totempg: one assembly per source node turns packets back into messages
 * (spec/totem/totem-wire.md section 2.1).
 *
 * A sender has two queues, one for the time of sync and one for other times, and a change of the ring may interrupt a
 * message of either in the middle. The queue of sync always goes first and is empty before the other goes on, so at most
 * two messages are open at once and they nest: a packet that continues nothing while one is open starts the inner one.
 * Differs: the originals switch between two sets of buffers when sync ends locally, which is not the same point of the
 * order for a member that recovers it; nesting depends on the order of packets alone.
 */
import { limits } from "../base/limits.ts";
import { decodePacket } from "../wire/totempg.ts";
import { forgetMessage } from "./pack.ts";

/** A message whose end is still to come. */
interface Open {
  readonly chunks: Uint8Array[];
  bytes: number;
  /** Number of its last fragment, which the next packet must continue. */
  fragment: number;
}

/** Group prefixes come on top of the message. */
const largestMessage = limits.ringMessageBytes + 64;

export class Assembly {
  private open: Open[] = [];

  /** Feeds one packet; returns the messages it completes, in order. Undefined when it is no packet. */
  receive(payload: Uint8Array): readonly Uint8Array[] | undefined {
    const packet = decodePacket(payload);
    if (packet === undefined) return undefined;
    const complete: Uint8Array[] = [];
    const last = packet.parts.length - 1;
    for (let index = 0; index <= last; index++) {
      const part = packet.parts[index] ?? payload;
      const goesOn = index === last && packet.fragmented !== 0;
      if (index === 0 && packet.continuation !== 0) {
        this.continue(part, packet.continuation, goesOn ? packet.fragmented : 0, complete);
      } else if (goesOn) {
        this.start(part, packet.fragmented);
      } else if (isForget(part)) {
        this.open = [];
      } else {
        complete.push(part);
      }
    }
    return complete;
  }

  private start(part: Uint8Array, fragment: number): void {
    if (this.open.length >= 2) this.open.pop();
    this.open.push({ chunks: [part], bytes: part.length, fragment });
  }

  /** `fragment` is 0 when this part ends its message. A part that continues nothing we know is dropped. */
  private continue(
    part: Uint8Array,
    continuation: number,
    fragment: number,
    complete: Uint8Array[],
  ): void {
    while (this.open.length > 0 && this.open.at(-1)?.fragment !== continuation) this.open.pop();
    const open = this.open.at(-1);
    if (open === undefined) return;
    open.chunks.push(part);
    open.bytes += part.length;
    open.fragment = fragment;
    if (open.bytes > largestMessage) {
      this.open.pop();
    } else if (fragment === 0) {
      this.open.pop();
      complete.push(join(open));
    }
  }
}

function isForget(part: Uint8Array): boolean {
  return (
    part.length === forgetMessage.length &&
    part.every((byte, index) => byte === forgetMessage[index])
  );
}

function join(open: Open): Uint8Array {
  const message = new Uint8Array(open.bytes);
  let offset = 0;
  for (const chunk of open.chunks) {
    message.set(chunk, offset);
    offset += chunk.length;
  }
  return message;
}
