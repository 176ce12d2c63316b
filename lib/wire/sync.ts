/**
 * The two messages of the sync rounds after each regular configuration (spec/totem/totem-wire.md section 6; group "sync").
 * service_build names the services that a node has, barrier ends the round of one service. Bodies start with the
 * request header of section 2.3: i32 id, 4 pad, i32 size, 4 pad.
 */
import { Reader } from "./reader.ts";
import type { RingId } from "./totem.ts";
import { Writer } from "./writer.ts";

const barrierId = 0;
const serviceBuildId = 1;
const barrierBytes = 32;
const serviceBuildBytes = 552;
/** Slots for service ids in service_build. */
const serviceSlots = 128;

export interface SyncBarrier {
  readonly kind: "barrier";
  readonly ringId: RingId;
}

export interface SyncServiceBuild {
  readonly kind: "service-build";
  readonly ringId: RingId;
  /** Service ids as sent; a receiver sorts the union. */
  readonly services: readonly number[];
}

export type SyncMessage = SyncBarrier | SyncServiceBuild;

/** The message's body, without the group prefix. At most 128 services are sent. */
export function encodeSync(message: SyncMessage): Uint8Array {
  const barrier = message.kind === "barrier";
  const size = barrier ? barrierBytes : serviceBuildBytes;
  const writer = new Writer(size);
  writer
    .i32(barrier ? barrierId : serviceBuildId)
    .zeros(4)
    .i32(size)
    .zeros(4);
  writer.u32(message.ringId.rep).u64(message.ringId.seq).zeros(4);
  if (message.kind === "service-build") {
    const services = message.services.slice(0, serviceSlots);
    writer.i32(services.length).zeros(4);
    for (const service of services) writer.i32(service);
    writer.zeros(4 * (serviceSlots - services.length));
  }
  return writer.finish();
}

/** Undefined for anything that is not exactly one of the two messages. */
export function decodeSync(body: Uint8Array): SyncMessage | undefined {
  const reader = new Reader(body);
  const id = reader.i32();
  reader.skip(4);
  const size = reader.i32();
  reader.skip(4);
  const ringId: RingId = { rep: reader.u32(), seq: reader.u64() };
  reader.skip(4);
  if (!reader.ok || size > body.length) return undefined;
  if (id === barrierId) return { kind: "barrier", ringId };
  if (id !== serviceBuildId) return undefined;
  const count = reader.i32();
  reader.skip(4);
  if (count < 0 || count > serviceSlots) return undefined;
  const services: number[] = [];
  for (let index = 0; index < count; index++) services.push(reader.i32());
  return reader.ok ? { kind: "service-build", ringId, services } : undefined;
}
