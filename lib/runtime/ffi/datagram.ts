/** Reads datagrams at once, without waiting for the event loop: the ring must see all multicasts before a token. */
import { ptr } from "bun:ffi";
import { ipText } from "../../base/ip-address.ts";
import { openLibc } from "./libc.ts";

const libc = openLibc({
  recvfrom: { args: ["i32", "ptr", "u64", "i32", "ptr", "ptr"], returns: "i64" },
});

const AF_INET = 2;
const AF_INET6 = 10;
const MSG_DONTWAIT = 0x40;
/** sockaddr_in and sockaddr_in6, with room. */
const ADDRESS_BYTES = 64;
const IPV4_OFFSET = 4;
const IPV6_OFFSET = 8;
const DATAGRAM_BYTES = 65_536;

export interface ReceivedDatagram {
  readonly data: Uint8Array;
  /** The sender's. */
  readonly address: string;
  readonly port: number;
}

const buffer = new Uint8Array(DATAGRAM_BYTES);
const address = new Uint8Array(ADDRESS_BYTES);
const addressView = new DataView(address.buffer);
const addressLength = new Uint32Array(1);

/** The next waiting datagram of a socket; undefined when there is none. The data is a copy. */
export function takeDatagram(fd: number): ReceivedDatagram | undefined {
  addressLength[0] = ADDRESS_BYTES;
  const length = Number(
    libc.recvfrom(fd, ptr(buffer), buffer.length, MSG_DONTWAIT, ptr(address), ptr(addressLength)),
  );
  const family = addressView.getUint16(0, true);
  if (length < 0 || (family !== AF_INET && family !== AF_INET6)) return undefined;
  const bytes =
    family === AF_INET
      ? address.subarray(IPV4_OFFSET, IPV4_OFFSET + 4)
      : address.subarray(IPV6_OFFSET, IPV6_OFFSET + 16);
  return {
    data: buffer.slice(0, length),
    address: ipText(bytes),
    port: addressView.getUint16(2, false),
  };
}
