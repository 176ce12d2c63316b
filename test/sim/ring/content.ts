/** What the simulated messages hold, so that a part in the wrong place is seen; and the error of every audit. */

export class Violation extends Error {
  override readonly name = "Violation";
}

/** Origin, life and number of the message, 32 bits each. */
export const messageHeaderBytes = 12;

/** Every 61st byte of the content names the message, so a part in the wrong place is seen. */
const contentStep = 61;

/** A message of so many bytes of content that names its origin, the origin's life, and its number there. */
export function messageOf(origin: number, life: number, number: number, bytes: number): Uint8Array {
  const message = new Uint8Array(messageHeaderBytes + bytes);
  const view = new DataView(message.buffer);
  view.setUint32(0, origin, true);
  view.setUint32(4, life, true);
  view.setUint32(8, number, true);
  for (let at = 0; at < bytes; at += contentStep) {
    message[messageHeaderBytes + at] = number + at;
  }
  return message;
}

/** Throws Violation when the content of message `number` is not what messageOf put there. */
export function checkContent(id: () => string, message: Uint8Array, number: number): void {
  const bytes = message.length - messageHeaderBytes;
  for (let at = 0; at < bytes; at += contentStep) {
    if (message[messageHeaderBytes + at] !== ((number + at) & 0xff)) {
      throw new Violation(`${id()} is damaged at ${at}`);
    }
  }
}
