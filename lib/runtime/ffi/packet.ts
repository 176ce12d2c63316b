/** Sends one Ethernet frame as it is (AF_PACKET); for announcing that an address has moved. */
import { ptr } from "bun:ffi";
import { errno, openLibc, SystemError } from "./libc.ts";

const libc = openLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
});

const AF_PACKET = 17;
const SOCK_RAW = 3;
/** sizeof(struct sockaddr_ll) */
const ADDRESS_BYTES = 20;
const ADDRESS_LENGTH_OFFSET = 11;
const ADDRESS_OFFSET = 12;
const MAC_BYTES = 6;

/**
 * Sends `frame` (destination, source, type, payload) on the interface of this index. Throws SystemError: EPERM without
 * CAP_NET_RAW.
 */
export function sendFrame(interfaceIndex: number, frame: Uint8Array): void {
  const socket = libc.socket(AF_PACKET, SOCK_RAW, 0);
  if (socket < 0) throw new SystemError("socket", errno());
  const address = new Uint8Array(ADDRESS_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, (frame[12] ?? 0) * 256 + (frame[13] ?? 0), false);
  view.setInt32(4, interfaceIndex, true);
  address[ADDRESS_LENGTH_OFFSET] = MAC_BYTES;
  address.set(frame.subarray(0, MAC_BYTES), ADDRESS_OFFSET);
  const sent = libc.sendto(socket, ptr(frame), frame.length, 0, ptr(address), ADDRESS_BYTES);
  const code = errno();
  libc.close(socket);
  if (sent < 0) throw new SystemError("sendto", code);
}
