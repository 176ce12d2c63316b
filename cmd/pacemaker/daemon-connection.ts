/** What the tools that speak with one daemon say when it is not there (spec/outputs-and-tools D9, D13, D15). */
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { ManagerError } from "../../lib/client/pacemaker.ts";
import { IpcError } from "../../lib/client/transport.ts";
import { PlainError } from "./tool-output.ts";

/** The result code behind an error of a daemon's client; undefined for errors of another kind. */
export function daemonResult(error: unknown): number | undefined {
  if (error instanceof ManagerError) return error.rc;
  if (error instanceof IpcError && error.code === "refused") return Errno.ECONNREFUSED;
  return resultCodeOf(error);
}

/** Connects, or throws the line that names the daemon and the reason. */
export async function reach<T>(daemon: string, connection: Promise<T>): Promise<T> {
  try {
    return await connection;
  } catch (error) {
    const rc = daemonResult(error);
    if (rc === undefined) throw error;
    const text = `error: Could not connect to ${daemon}: ${resultText(rc)}`;
    throw new PlainError(text, exitOfResult(rc));
  }
}
