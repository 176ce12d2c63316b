/** Which directions between nodes are cut. Asked for each datagram, so it is one look into a set of numbers. */

const idLimit = 1024;

export class Links {
  private readonly cuts = new Set<number>();

  /** From `from` nothing reaches `to`; the other way stays. */
  cut(from: number, to: number): void {
    this.cuts.add(from * idLimit + to);
  }

  cutBoth(a: number, b: number): void {
    this.cut(a, b);
    this.cut(b, a);
  }

  mend(from: number, to: number): void {
    this.cuts.delete(from * idLimit + to);
  }

  heal(): void {
    this.cuts.clear();
  }

  isCut(from: number, to: number): boolean {
    return this.cuts.size > 0 && this.cuts.has(from * idLimit + to);
  }
}
