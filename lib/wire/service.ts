/** The header of every service message on the ring: service << 16 | function, then the size (spec/totem section 2.3). */
import { FieldReader, FieldWriter } from "./fields.ts";

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
