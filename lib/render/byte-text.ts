/**
 * A long text put together as UTF-8 bytes. Strings of some hundred parts are made, joined, copied and encoded; a part that is
 * bytes already is copied once.
 */
const ZERO = 48;
const CAPACITY = 1 << 20;
/** A UTF-16 unit takes at most this many bytes of UTF-8. */
const MAX_BYTES_OF_UNIT = 3;

const encoder = new TextEncoder();

/** The bytes of a text, to be put again and again. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of pieces that are each valid until the next one is asked for. */
export function textOf(pieces: Iterable<Uint8Array>): string {
  const decoder = new TextDecoder();
  let text = "";
  for (const piece of pieces) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}

export class ByteText {
  private bytes = new Uint8Array(CAPACITY);
  private at = 0;

  get length(): number {
    return this.at;
  }

  put(part: Uint8Array): void {
    this.reserve(part.length);
    this.bytes.set(part, this.at);
    this.at += part.length;
  }

  text(text: string): void {
    this.reserve(text.length * MAX_BYTES_OF_UNIT);
    this.at += encoder.encodeInto(text, this.bytes.subarray(this.at)).written;
  }

  /** A whole number that is not negative, in decimal digits. */
  number(value: number): void {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    this.reserve(digits);
    let left = value;
    for (let i = this.at + digits - 1; i >= this.at; i--) {
      this.bytes[i] = ZERO + (left % 10);
      left = Math.floor(left / 10);
    }
    this.at += digits;
  }

  /** What has been put so far, and begins anew. The bytes are valid until something is put again. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.at);
    this.at = 0;
    return taken;
  }

  private reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + count));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }
}
