/** The network between nodes: delay, loss, duplicates, reordering by delay, and cuts in one or both directions. */
import type { Prng } from "../../lib/base/prng.ts";

export class Network {
  lossRate = 0;
  doublingRate = 0;
  /** Largest extra delay of a datagram; differing delays reorder. */
  jitterMs = 0.3;
  private readonly cut = new Set<string>();
  private readonly prng: Prng;

  constructor(prng: Prng) {
    this.prng = prng;
  }

  /** Delays of the copies that arrive; none when the datagram is lost. */
  deliveries(from: number, to: number): readonly number[] {
    if (from === to) return [0.05];
    if (this.cut.has(`${from}>${to}`)) return [];
    if (this.lossRate > 0 && this.prng.chance(this.lossRate)) return [];
    const delays = [0.1 + this.prng.fraction() * this.jitterMs];
    if (this.doublingRate > 0 && this.prng.chance(this.doublingRate)) {
      delays.push(0.1 + this.prng.fraction() * this.jitterMs * 5);
    }
    return delays;
  }

  /** Cuts everything between two sides. */
  partition(side: ReadonlySet<number>, others: ReadonlySet<number>): void {
    for (const a of side) {
      for (const b of others) {
        this.cut.add(`${a}>${b}`);
        this.cut.add(`${b}>${a}`);
      }
    }
  }

  /** From `a` nothing reaches `b`; the other way stays. */
  cutOneWay(a: number, b: number): void {
    this.cut.add(`${a}>${b}`);
  }

  /** Nothing is cut, little is lost: rings form and stay. */
  get isSound(): boolean {
    return this.cut.size === 0 && this.lossRate <= 0.05;
  }

  heal(): void {
    this.cut.clear();
    this.lossRate = 0;
    this.doublingRate = 0;
    this.jitterMs = 0.3;
  }
}
