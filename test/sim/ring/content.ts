/** What the simulated messages hold, so that a part in the wrong place is seen; and the error of every audit. */

export class Violation extends Error {
  override readonly name = "Violation";
}

/** Every 61st byte of the content names the message, so a part in the wrong place is seen. */
const contentStep = 61;

export function contentOf(number: number, bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += contentStep) content[at] = (number + at) & 0xff;
  return content;
}

export function checkContent(id: string, content: Uint8Array, number: number): void {
  for (let at = 0; at < content.length; at += contentStep) {
    if (content[at] !== ((number + at) & 0xff)) throw new Violation(`${id} is damaged at ${at}`);
  }
}
