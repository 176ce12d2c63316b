/** Writes a tool's result and ends the process: everything is flushed before the exit, also into pipes. */
import { writeSync } from "node:fs";

/** Writes all of a text, however little a pipe takes at once. A reader that has gone is no error. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "EAGAIN") Bun.sleepSync(1);
      else if (code === "EPIPE") return;
      else throw error;
    }
  }
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
