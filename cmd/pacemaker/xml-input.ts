/** XML that the options of a tool supply: -x FILE, -X TEXT, -p for standard input, in this order (spec/outputs-and-tools D6). */
import type { ParsedOptions, Session } from "../../lib/cli/tool.ts";

/** Bytes, and what errors call their source. */
export interface XmlInput {
  readonly data: Uint8Array;
  readonly name: string;
}

/** What the options supply; undefined when none of them was given. Rejects when the file cannot be read. */
export async function xmlInput(
  given: ParsedOptions,
  session: Session,
): Promise<XmlInput | undefined> {
  const file = given.value("xml-file");
  if (file !== undefined) return { data: await session.readFile(file), name: file };
  const text = given.value("xml-text");
  if (text !== undefined) return { data: new TextEncoder().encode(text), name: "input string" };
  if (!given.flag("xml-pipe")) return undefined;
  return { data: await session.readStdin(), name: "STDIN" };
}
