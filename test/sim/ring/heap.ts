/** Events by time; equal times in the order of their coming, so that a history never depends on the heap. */

interface Entry<Item> {
  readonly time: number;
  readonly order: number;
  readonly item: Item;
}

function comesBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

export class Heap<Item> {
  private readonly entries: Entry<Item>[] = [];
  private orders = 0;

  peekTime(): number | undefined {
    return this.entries[0]?.time;
  }

  push(time: number, item: Item): void {
    const entry = { time, order: this.orders++, item };
    const { entries } = this;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || !comesBefore(entry, above)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  pop(): Item | undefined {
    const { entries } = this;
    const top = entries[0];
    const last = entries.pop();
    if (top === undefined || last === undefined || entries.length === 0) return top?.item;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = entries[child];
      if (left === undefined) break;
      const right = entries[child + 1];
      if (right !== undefined && comesBefore(right, left)) child++;
      const lower = entries[child];
      if (lower === undefined || !comesBefore(lower, last)) break;
      entries[index] = lower;
      index = child;
    }
    entries[index] = last;
    return top.item;
  }
}
