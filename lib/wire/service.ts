/** The header of every service message on the ring: service << 16 | function, then the size (spec/totem section 2.3). */
import { FieldReader, FieldWriter } from "./fields.ts";
import type { RingId } from "./totem.ts";

/** Services by their number on the ring; it is also their order in sync rounds. */
export const ServiceId = { cmap: 0, cfg: 1, cpg: 2, quorum: 3, pload: 4, votequorum: 5 } as const;

/** A service message of `size` bytes with its header filled in. */
export function serviceMessage(service: number, fn: number, size: number): FieldWriter {
  return new FieldWriter(size).i32(0, (service << 16) | fn).i32(8, size);
}

export interface ServiceHeader {
  readonly service: number;
  readonly fn: number;
  readonly size: number;
}

/** undefined when the message is shorter than its header or than the size the header claims. */
export function readServiceHeader(message: Uint8Array): ServiceHeader | undefined {
  const r = new FieldReader(message);
  const id = r.u32(0);
  const size = r.i32(8);
  if (r.size < 16 || size < 16 || size > r.size) return undefined;
  return { service: id >>> 16, fn: id & 0xffff, size };
}

/** What sync and the ring tell a service (lib/corosync/sync.ts drives it; spec/totem section 6). */
export type ServiceEvent =
  | {
      readonly kind: "service-init";
      readonly ringId: RingId;
      /** Members that came along from our last ring, ourselves included; empty on the very first ring. */
      readonly transitional: readonly number[];
      readonly members: readonly number[];
    }
  | { readonly kind: "service-process" }
  | { readonly kind: "service-activate" }
  | { readonly kind: "service-abort" }
  /** A message of this service, header included. Our own come back too. */
  | { readonly kind: "deliver"; readonly from: number; readonly body: Uint8Array };

/** A service message for all members, ourselves included. */
export interface ServiceMulticast {
  readonly kind: "multicast";
  readonly body: Uint8Array;
}
