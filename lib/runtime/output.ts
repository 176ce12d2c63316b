/** Writes a tool's result and ends the process: everything is flushed before the exit, also into pipes. */
import { writeBytes } from "./ffi/file.ts";

/** Writes all of a text, however little a pipe takes at once. A reader that has gone is no error. */
export function writeAll(fd: number, text: string): void {
  writeBytes(fd, new TextEncoder().encode(text));
}

/** stderr first, as the originals' notes precede their results. */
export function writeAndExit(result: {
  readonly exit: number;
  readonly out?: string;
  readonly err?: string;
}): never {
  if (result.err) writeAll(2, result.err);
  if (result.out) writeAll(1, result.out);
  process.exit(result.exit);
}
