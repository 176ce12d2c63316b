/** What goes wrong where a tool's CIB comes from; apart from cib-source.ts, which tools without a CIB do not load. */
import { CrmError } from "../base/error.ts";
import type { ExitCode } from "../base/exit.ts";
import { Errno, exitOfResult } from "../base/result-code.ts";
import { IpcError } from "./transport.ts";

/** A CIB that cannot be reached or read; `rc` is a result code. */
export class CibSourceError extends CrmError {
  readonly rc: number;
  constructor(rc: number, message: string, exit: ExitCode = exitOfResult(rc)) {
    super(message, exit);
    this.rc = rc;
  }
}

/** The result code behind an error of opening or using a CIB; undefined for errors of another kind. */
export function resultCodeOf(error: unknown): number | undefined {
  if (error instanceof CibSourceError) return error.rc;
  if (!(error instanceof IpcError)) return undefined;
  switch (error.code) {
    case "denied":
      return Errno.EACCES;
    case "again":
      return Errno.EAGAIN;
    case "timeout":
      return Errno.ETIMEDOUT;
    case "protocol":
      return Errno.EPROTO;
    default:
      return Errno.ENOTCONN;
  }
}
