/** What a number of histories add up to. */
import type { RunResult } from "./run.ts";

export interface Figures {
  readonly seeds: number;
  readonly simulatedMs: number;
  readonly faults: number;
  readonly deliveries: number;
  readonly configurations: number;
  readonly steps: number;
  /** How often each fault was injected. */
  readonly byName: Readonly<Record<string, number>>;
  /** A line for each broken invariant. */
  readonly broken: readonly string[];
}

export const noFigures: Figures = {
  seeds: 0,
  simulatedMs: 0,
  faults: 0,
  deliveries: 0,
  configurations: 0,
  steps: 0,
  byName: {},
  broken: [],
};

export function figuresOf(result: RunResult): Figures {
  const { simulatedMs, faults, deliveries, configurations, steps, byName } = result;
  return {
    seeds: 1,
    simulatedMs,
    faults,
    deliveries,
    configurations,
    steps,
    byName,
    broken: [],
  };
}

export function sum(a: Figures, b: Figures): Figures {
  const byName: Record<string, number> = { ...a.byName };
  for (const [name, count] of Object.entries(b.byName)) byName[name] = (byName[name] ?? 0) + count;
  return {
    seeds: a.seeds + b.seeds,
    simulatedMs: a.simulatedMs + b.simulatedMs,
    faults: a.faults + b.faults,
    deliveries: a.deliveries + b.deliveries,
    configurations: a.configurations + b.configurations,
    steps: a.steps + b.steps,
    byName,
    broken: [...a.broken, ...b.broken],
  };
}

/** Two lines for people. */
export function figuresText(figures: Figures): string {
  const names = Object.entries(figures.byName).sort(([a], [b]) => (a < b ? -1 : 1));
  const hours = (figures.simulatedMs / 3_600_000).toFixed(2);
  return [
    `faults: ${names.map(([name, count]) => `${name} ${count}`).join(", ")}`,
    `${figures.seeds} seeds, ${hours} simulated hours, ${figures.steps} steps, ${figures.faults} faults, ` +
      `${figures.deliveries} deliveries, ${figures.configurations} configurations, ${figures.broken.length} violations`,
  ].join("\n");
}
