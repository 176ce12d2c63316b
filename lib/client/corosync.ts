/**
 * What the clients of corosync's services share (spec/ipc/ipc.md section 2): one call, its result code, patience with
 * TRY_AGAIN.
 */

import { CsError } from "../wire/ipc/cs-error.ts";
import { messageError, messageId, RESPONSE_HEADER_BYTES } from "../wire/ipc/header.ts";
import { type IpcConnection, IpcError } from "./transport.ts";

const NAMES = new Map(Object.entries(CsError).map(([name, code]) => [code as number, name]));

/** The service answered with another code than OK. */
export class CorosyncError extends Error {
  override readonly name = "CorosyncError";
  /** One of CsError. */
  readonly code: number;
  constructor(call: string, code: number) {
    super(`${call}: ${NAMES.get(code) ?? "error"} (${code})`);
    this.code = code;
  }
}

/** Sends a request and takes its response; the response's id is checked, its error word is not. */
export async function exchange(
  connection: IpcConnection,
  call: string,
  request: Uint8Array,
  responseId: number | undefined,
): Promise<Uint8Array> {
  const response = await connection.request(request);
  if (response.length < RESPONSE_HEADER_BYTES || messageId(response) !== responseId) {
    throw new IpcError("protocol", `${call}: unexpected answer ${messageId(response)}`);
  }
  return response;
}

/** `exchange` that throws CorosyncError unless the code is OK. */
export async function exchangeOk(
  connection: IpcConnection,
  call: string,
  request: Uint8Array,
  responseId: number | undefined,
): Promise<Uint8Array> {
  const response = await exchange(connection, call, request, responseId);
  const code = messageError(response);
  if (code !== CsError.ok) throw new CorosyncError(call, code);
  return response;
}

/**
 * Repeats `action` while the service says TRY_AGAIN, which it does during synchronisation and when the ring is busy.
 * @param pause waits some milliseconds; the session's sleep.
 */
export async function withRetries<T>(
  action: () => Promise<T>,
  pause: (ms: number) => Promise<void>,
  attempts = 50,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      const again = error instanceof CorosyncError && error.code === CsError.tryAgain;
      if (!again || attempt >= attempts) throw error;
      await pause(Math.min(10 * attempt, 200));
    }
  }
}
