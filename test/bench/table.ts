/** One line per measure: the original's figure, ours, their ratio and the goal. */

export interface Measure {
  readonly what: string;
  readonly unit: "s" | "ms" | "µs" | "MB" | "MB/s" | "msg/s";
  readonly original: number | undefined;
  readonly ours: number | undefined;
  /** Largest ratio ours / original that is good. */
  readonly goal?: number;
  /** Smallest ratio ours / original that is good. */
  readonly atLeast?: number;
  /** Largest figure of ours that is good. */
  readonly limit?: number;
}

const figure = (value: number | undefined, unit: string) =>
  value === undefined ? "–" : `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ${unit}`;

function verdict(m: Measure, ratio: number | undefined): string {
  if (m.ours === undefined) return "not measured";
  if (m.limit !== undefined) return m.ours <= m.limit ? "good" : `more than ${m.limit} ${m.unit}`;
  if (m.atLeast !== undefined && ratio !== undefined)
    return ratio >= m.atLeast ? "good" : `less than ${m.atLeast}`;
  if (m.goal === undefined || ratio === undefined) return "";
  return ratio <= m.goal ? "good" : `more than ${m.goal}`;
}

/** Prints the measures as a table. */
export function printTable(measures: readonly Measure[]): void {
  const rows = measures.map((m) => {
    const both = m.original !== undefined && m.ours !== undefined;
    const ratio = both ? m.ours! / m.original! : undefined;
    return [
      m.what,
      figure(m.original, m.unit),
      figure(m.ours, m.unit),
      ratio === undefined ? "–" : ratio.toFixed(3),
      verdict(m, ratio),
    ];
  });
  const all = [["", "original", "ours", "ratio", "goal"], ...rows];
  const widths = all[0]!.map((_, at) => Math.max(...all.map((r) => r[at]!.length)));
  for (const row of all) {
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join("  ")
        .trimEnd(),
    );
  }
}

/** The middle one of several runs. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
