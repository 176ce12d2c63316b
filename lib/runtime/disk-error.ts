/** What a failed call of the file system is named; apart from disk.ts, which short tools do not load. */

/** The errno word of a file system error ("ENOSPC"), or its message. */
export function diskErrorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return error instanceof Error ? error.message : String(error);
}
