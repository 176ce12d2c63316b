/** Reads datagrams at once, without waiting for the event loop: the ring must see all multicasts before a token. */
import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const AF_INET = 2;
const MSG_DONTWAIT = 0x40;
/** sockaddr_in and sockaddr_in6, with room. */
const ADDRESS_BYTES = 64;
const IPV4_OFFSET = 4;
const DATAGRAM_BYTES = 65_536;

export interface ReceivedDatagram {
  readonly data: Uint8Array;
  /** The sender's IPv4 address. */
  readonly address: string;
  readonly port: number;
}

const buffer = new Uint8Array(DATAGRAM_BYTES);
const address = new Uint8Array(ADDRESS_BYTES);
const addressView = new DataView(address.buffer);
const addressLength = new Uint32Array(1);

/** The next waiting datagram of an IPv4 socket; undefined when there is none. The data is a copy. */
export function takeDatagram(fd: number): ReceivedDatagram | undefined {
  addressLength[0] = ADDRESS_BYTES;
  const length = Number(
    libc.recvfrom(fd, ptr(buffer), buffer.length, MSG_DONTWAIT, ptr(address), ptr(addressLength)),
  );
  if (length < 0 || addressView.getUint16(0, true) !== AF_INET) return undefined;
  return {
    data: buffer.slice(0, length),
    address: address.subarray(IPV4_OFFSET, IPV4_OFFSET + 4).join("."),
    port: addressView.getUint16(2, false),
  };
}
