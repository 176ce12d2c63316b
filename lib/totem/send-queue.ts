/** First in, first out, without moving what waits; messages that wait for the token. */

export class SendQueue<Item> {
  private items: Item[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  /** The item at this place, 0 being the oldest; it stays. */
  at(index: number): Item | undefined {
    return this.items[this.head + index];
  }

  /** Takes the oldest item; undefined when nothing waits. */
  shift(): Item | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.head++;
    if (this.head === this.items.length) this.clear();
    else if (this.head >= 1024) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }
}
