/** Which directions between nodes are cut, on all links or on one. Asked for each datagram, so it is a look into a set. */

const idLimit = 1024;

function keyOf(from: number, to: number, link: number): number {
  return (link * idLimit + from) * idLimit + to;
}

/** Stands for every link. */
const everyLink = 8;

export class Links {
  private readonly cuts = new Set<number>();

  /** From `from` nothing reaches `to`, or nothing by this link; the other way stays. */
  cut(from: number, to: number, link = everyLink): void {
    this.cuts.add(keyOf(from, to, link));
  }

  cutBoth(a: number, b: number, link = everyLink): void {
    this.cut(a, b, link);
    this.cut(b, a, link);
  }

  mend(from: number, to: number, link = everyLink): void {
    this.cuts.delete(keyOf(from, to, link));
  }

  heal(): void {
    this.cuts.clear();
  }

  isCut(from: number, to: number, link: number): boolean {
    const { cuts } = this;
    return (
      cuts.size > 0 && (cuts.has(keyOf(from, to, everyLink)) || cuts.has(keyOf(from, to, link)))
    );
  }
}
