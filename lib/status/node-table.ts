/**
 * The allowed-node table of a resource (spec/scheduler-2 section 3): for each node, by its index, whether it has an entry,
 * its score, its discovery mode, and how many instances have been counted on it. Typed arrays, as copies are frequent.
 */
import { addScores, type Score } from "../base/score.ts";

/** Discovery (probe) modes; they are only ever raised. 0 marks an absent entry. */
export const Discovery = { absent: 0, always: 1, never: 2, exclusive: 3 } as const;

export type Discovery = (typeof Discovery)[keyof typeof Discovery];

export class NodeTable {
  private scores: Int32Array;
  private modes: Uint8Array;
  private counts: Int32Array;

  constructor(capacity: number) {
    this.scores = new Int32Array(capacity);
    this.modes = new Uint8Array(capacity);
    this.counts = new Int32Array(capacity);
  }

  copy(): NodeTable {
    const other = new NodeTable(0);
    other.scores = this.scores.slice();
    other.modes = this.modes.slice();
    other.counts = this.counts.slice();
    return other;
  }

  /** One past the highest node index that may have an entry. */
  get capacity(): number {
    return this.modes.length;
  }

  has(node: number): boolean {
    return node < this.modes.length && this.modes[node] !== Discovery.absent;
  }

  /** Score of an entry; minus nothing: absent entries answer 0, so ask `has` first. */
  score(node: number): Score {
    return this.scores[node] ?? 0;
  }

  mode(node: number): Discovery {
    return (this.modes[node] ?? Discovery.absent) as Discovery;
  }

  count(node: number): number {
    return this.counts[node] ?? 0;
  }

  /** Makes or overwrites an entry; keeps the count of an existing one. */
  set(node: number, score: Score, mode: Discovery = Discovery.always): void {
    if (node >= this.modes.length) this.grow(node + 1);
    this.scores[node] = score;
    this.modes[node] = mode;
  }

  setScore(node: number, score: Score): void {
    this.scores[node] = score;
  }

  add(node: number, score: Score): void {
    this.scores[node] = addScores(this.scores[node]!, score);
  }

  raiseMode(node: number, mode: Discovery): void {
    if (mode > this.modes[node]!) this.modes[node] = mode;
  }

  remove(node: number): void {
    if (node < this.modes.length) this.modes[node] = Discovery.absent;
  }

  addCount(node: number, by: number): void {
    if (node < this.counts.length) this.counts[node] = this.counts[node]! + by;
  }

  clearCounts(): void {
    this.counts.fill(0);
  }

  /** Number of entries. */
  get size(): number {
    let n = 0;
    for (const mode of this.modes) if (mode !== Discovery.absent) n++;
    return n;
  }

  private grow(capacity: number): void {
    const scores = new Int32Array(capacity);
    scores.set(this.scores);
    this.scores = scores;
    const modes = new Uint8Array(capacity);
    modes.set(this.modes);
    this.modes = modes;
    const counts = new Int32Array(capacity);
    counts.set(this.counts);
    this.counts = counts;
  }
}
