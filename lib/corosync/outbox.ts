/**
 * What services want to multicast while the ring cannot take it: while members synchronise, and while its queue is full. It keeps
 * its order, and as long as anything waits cpg's clients are held back.
 */

/** Fewer free places than this in the ring's queue: clients wait. */
const QUEUE_LOW = 64;
/** Of a message, when asking how many more fit. */
const USUAL_BYTES = 1024;

export class Outbox {
  private waiting: Uint8Array[] = [];
  private level: 0 | 2 = 0;

  /** @param queueRoom how many more messages of so many bytes the ring takes now. */
  constructor(private readonly queueRoom: (bytes: number) => number) {}

  get size(): number {
    return this.waiting.length;
  }

  push(body: Uint8Array): void {
    this.waiting.push(body);
  }

  /** The next message that the ring has room for; undefined when there is none, or no room. */
  next(): Uint8Array | undefined {
    const [body] = this.waiting;
    if (body === undefined || this.queueRoom(body.length) < 1) return undefined;
    return this.waiting.shift();
  }

  /** The level of flow control for clients of cpg, when it is another than at the last call. */
  changedLevel(synchronising: boolean): 0 | 2 | undefined {
    const isLow = this.waiting.length > 0 || this.queueRoom(USUAL_BYTES) < QUEUE_LOW;
    const level = synchronising || isLow ? 2 : 0;
    if (level === this.level) return undefined;
    this.level = level;
    return level;
  }
}
