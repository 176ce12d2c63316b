/**
 * The setup exchange on a service's stream socket: 24 bytes from the client, 12328 from the server, always whole, also on
 * refusal (spec/ipc/ipc.md section 1.2). And the names of sockets and rings (1.1, 1.4, 1.5).
 */
import { type Rejection, reject } from "../../base/error.ts";

export const SETUP_REQUEST_BYTES = 24;
export const SETUP_RESPONSE_BYTES = 12328;
/** The whole sockaddr_un: libqb gives the kernel all of it, so the padding belongs to an abstract name. */
export const SOCKET_ADDRESS_BYTES = 110;
const AUTHENTICATE_ID = -1;
const PATH_BYTES = 4096;
const PATH_OFFSETS = [40, 40 + PATH_BYTES, 40 + 2 * PATH_BYTES] as const;

/** How the channels of a connection are carried. */
export type IpcType = "socket" | "shm";

export interface SetupResponse {
  /** 0 or a negative errno. */
  readonly error: number;
  readonly type: IpcType;
  readonly maxMessageBytes: number;
  /** Base names: request, response and event ring; or control file, datagram base name and "". */
  readonly paths: readonly [string, string, string];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The client's first message. `maxMessageBytes` is its wish; the server may raise it. */
export function encodeSetupRequest(maxMessageBytes: number): Uint8Array {
  const bytes = new Uint8Array(SETUP_REQUEST_BYTES);
  const data = view(bytes);
  data.setInt32(0, AUTHENTICATE_ID, true);
  data.setInt32(8, SETUP_REQUEST_BYTES, true);
  data.setUint32(16, maxMessageBytes, true);
  return bytes;
}

/** Reads the first message; anything but an authentication of the right size is refused. */
export function decodeSetupRequest(bytes: Uint8Array): { maxMessageBytes: number } | Rejection {
  if (bytes.length !== SETUP_REQUEST_BYTES) return reject("size", `setup of ${bytes.length} bytes`);
  const data = view(bytes);
  const id = data.getInt32(0, true);
  if (id !== AUTHENTICATE_ID) return reject("id", `setup with id ${id}`);
  const size = data.getInt32(8, true);
  if (size !== SETUP_REQUEST_BYTES) return reject("size", `setup names a size of ${size}`);
  return { maxMessageBytes: data.getUint32(16, true) };
}

/** The server's answer. Paths longer than the field are a programmer's error and cut. */
export function encodeSetupResponse(response: SetupResponse): Uint8Array {
  const bytes = new Uint8Array(SETUP_RESPONSE_BYTES);
  const data = view(bytes);
  data.setInt32(0, AUTHENTICATE_ID, true);
  data.setInt32(8, SETUP_RESPONSE_BYTES, true);
  data.setInt32(16, response.error, true);
  data.setInt32(24, response.type === "shm" ? 1 : 0, true);
  data.setUint32(28, response.maxMessageBytes, true);
  for (const [i, path] of response.paths.entries()) {
    encoder.encodeInto(path, bytes.subarray(PATH_OFFSETS[i], PATH_OFFSETS[i]! + PATH_BYTES - 1));
  }
  return bytes;
}

/** A refusal: same length, only the error is set. `error` is a negative errno. */
export function encodeSetupRefusal(error: number): Uint8Array {
  return encodeSetupResponse({ error, type: "socket", maxMessageBytes: 0, paths: ["", "", ""] });
}

/** Reads the server's answer; a refusal is a valid answer with `error` below 0. */
export function decodeSetupResponse(bytes: Uint8Array): SetupResponse | Rejection {
  if (bytes.length !== SETUP_RESPONSE_BYTES) {
    return reject("size", `setup answer of ${bytes.length} bytes`);
  }
  const data = view(bytes);
  if (data.getInt32(0, true) !== AUTHENTICATE_ID) return reject("id", "setup answer with wrong id");
  const error = data.getInt32(16, true);
  const type = data.getInt32(24, true);
  if (error === 0 && type !== 0 && type !== 1) {
    return reject("type", `connection type ${type}; known are 0 (socket) and 1 (shared memory)`);
  }
  const [a, b, c] = PATH_OFFSETS.map((offset) => {
    const field = bytes.subarray(offset, offset + PATH_BYTES);
    const end = field.indexOf(0);
    return decoder.decode(end < 0 ? field : field.subarray(0, end));
  });
  return {
    error,
    type: type === 1 ? "shm" : "socket",
    maxMessageBytes: data.getUint32(28, true),
    paths: [a!, b!, c!],
  };
}

/**
 * A Unix address with all its padding. An abstract name gets a NUL before it and NULs to the end; a path starts at once.
 * @returns 110 bytes, or undefined when the name does not fit.
 */
export function encodeSocketAddress(
  name: string,
  space: "abstract" | "file",
): Uint8Array | undefined {
  const bytes = new Uint8Array(SOCKET_ADDRESS_BYTES);
  bytes[0] = 1; // AF_UNIX
  const start = space === "abstract" ? 3 : 2;
  const text = encoder.encode(name);
  if (start + text.length >= SOCKET_ADDRESS_BYTES) return undefined;
  bytes.set(text, start);
  return bytes;
}
