/** Errors that a person will read: what is wrong, where, and what to do. */
import type { ExitCode } from "./exit.ts";

/** An operating error with the exit code its tool ends with. Thrown by tools and parsers, never by cores. */
export class CrmError extends Error {
  override readonly name = "CrmError";
  readonly exit: ExitCode;
  constructor(message: string, exit: ExitCode = 1) {
    super(message);
    this.exit = exit;
  }
}

/** Refused input as a value: `code` is a short word a caller can switch on, `text` is for people. */
export interface Rejection {
  readonly rejected: true;
  readonly code: string;
  readonly text: string;
}

export function reject(code: string, text: string): Rejection {
  return { rejected: true, code, text };
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === "object" && value !== null && "rejected" in value;
}
