/** A message of the ring as a sort queue holds it, with nothing in it: only its number counts. */
import type { Stored } from "../../../lib/totem/sort-queue.ts";

export function storedMessage(seq: number): Stored {
  const message = {
    kind: "mcast",
    nodeId: 1,
    target: 0,
    encapsulated: 2,
    systemFrom: 1,
    seq,
    thisSeqno: 0,
    ringId: { rep: 1, seq: 8 },
    reserved: 0,
    guarantee: 0,
    payload: new Uint8Array(0),
  } as const;
  return { message, data: message.payload };
}
