/**
 * Headers of libqb messages (spec/ipc/ipc.md section 1.3): every scalar in its own 8-byte slot, little endian.
 * Request: id, size. Response and event: id, size, error.
 */

export const REQUEST_HEADER_BYTES = 16;
export const RESPONSE_HEADER_BYTES = 24;
/** Reserved for libqb itself: authenticate, new event socket, disconnect. A service never sees a negative id. */
export const DISCONNECT_ID = -3;

/** Little-endian view of a message. */
export function viewOf(message: Uint8Array): DataView {
  return new DataView(message.buffer, message.byteOffset, message.byteLength);
}

export function messageId(message: Uint8Array): number {
  return viewOf(message).getInt32(0, true);
}

export function messageSize(message: Uint8Array): number {
  return viewOf(message).getInt32(8, true);
}

/** The error word of a response or event; 0 when the message is too short to have one. */
export function messageError(message: Uint8Array): number {
  return message.length < RESPONSE_HEADER_BYTES ? 0 : viewOf(message).getInt32(16, true);
}

/** A zeroed message of `size` bytes with the request header filled in. */
export function newRequest(id: number, size: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  view.setInt32(0, id, true);
  view.setInt32(8, size, true);
  return { bytes, view };
}

/** A zeroed message of `size` bytes with the response header filled in; events have the same. */
export function newResponse(
  id: number,
  size: number,
  error: number,
): { bytes: Uint8Array; view: DataView } {
  const message = newRequest(id, size);
  message.view.setInt32(16, error, true);
  return message;
}
