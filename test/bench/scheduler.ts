/**
 * The scheduler on generated clusters beside Debian's crm_simulate (issue 3): whole processes, user + system time and peak
 * memory, cold (all must be probed and started) and warm (all runs, nothing to do), and how time grows. The original is
 * left out where it would take minutes. Needs a build (`npm run build`).
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePackages } from "../packages.ts";
import { generateCib, type Size } from "./generate-cib.ts";
import { type Measure, printTable } from "./table.ts";

const OURS = join(import.meta.dir, "../../dist/crm_simulate");
const ORIGINAL = "/usr/sbin/crm_simulate";
/** A run that takes longer is stopped and counts as not measured. */
const PATIENCE_MS = 150_000;

interface Plan extends Size {
  readonly warm: boolean;
  /** The original ends in reasonable time. */
  readonly beside: boolean;
  readonly goal?: number;
  readonly limitSeconds?: number;
}

const PLANS: readonly Plan[] = [
  { nodes: 4, resources: 50, warm: false, beside: true },
  { nodes: 4, resources: 50, warm: true, beside: true },
  { nodes: 8, resources: 200, warm: false, beside: true, goal: 1 },
  { nodes: 8, resources: 200, warm: true, beside: true, goal: 1 },
  { nodes: 16, resources: 500, warm: false, beside: true, goal: 0.4 },
  { nodes: 16, resources: 500, warm: true, beside: true, goal: 0.4 },
  { nodes: 32, resources: 1000, warm: false, beside: true, goal: 0.05 },
  { nodes: 32, resources: 1000, warm: true, beside: true, goal: 0.3 },
  { nodes: 32, resources: 2000, warm: false, beside: false },
  { nodes: 32, resources: 2000, warm: true, beside: true },
  { nodes: 64, resources: 5000, warm: false, beside: false, limitSeconds: 60 },
  { nodes: 64, resources: 5000, warm: true, beside: false, limitSeconds: 60 },
];

interface Cost {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Processor time and peak memory of a whole process; undefined when it fails or takes too long. */
function cost(program: string, args: readonly string[]): Cost | undefined {
  const done = Bun.spawnSync([program, ...args], {
    stdout: "ignore",
    stderr: "ignore",
    timeout: PATIENCE_MS,
  });
  if (done.exitCode !== 0 || done.resourceUsage === undefined) return undefined;
  const { cpuTime, maxRSS } = done.resourceUsage;
  return { seconds: Number(cpuTime.total) / 1e6, megabytes: Number(maxRSS) / 2 ** 20 };
}

/** Runs of each program that are compared, unless one run is long already. */
const RUNS = 5;
const LONG_SECONDS = 2;

/** The cheapest of some runs: whatever else the machine does only ever adds to the processor time of a run. */
function cheapest(runs: readonly Cost[]): Cost | undefined {
  if (runs.length === 0) return undefined;
  return {
    seconds: Math.min(...runs.map((c) => c.seconds)),
    megabytes: Math.min(...runs.map((c) => c.megabytes)),
  };
}

/** Runs the programs in turn, so that both meet the same machine. One that fails once is not asked again. */
function measured(
  programs: readonly string[],
  args: readonly string[],
): readonly (Cost | undefined)[] {
  const runs = programs.map((): Cost[] => []);
  const done = programs.map(() => false);
  for (let run = 0; run < RUNS; run++) {
    programs.forEach((program, i) => {
      if (done[i]) return;
      const one = cost(program, args);
      if (one !== undefined) runs[i]!.push(one);
      done[i] = one === undefined || one.seconds > LONG_SECONDS;
    });
  }
  return runs.map(cheapest);
}

/** Slope of log(seconds) over log(size): 1 is linear, 2 the square. */
function exponent(points: readonly (readonly [size: number, seconds: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (at: 0 | 1) => logs.reduce((sum, p) => sum + p[at], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const above = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return above / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

/** How time grows with nodes × resources, from 8×200 on, where start-up no longer counts. */
function printGrowth(points: ReadonlyMap<string, readonly (readonly [number, number])[]>): void {
  for (const [what, list] of points) {
    if (list.length < 2) continue;
    const sizes = `${list.length} sizes`;
    console.log(`growth, ${what}: (nodes × resources)^${exponent(list).toFixed(2)} (${sizes})`);
  }
}

function pair(
  what: string,
  ours: Cost | undefined,
  original: Cost | undefined,
  target: Pick<Measure, "goal" | "limit">,
): Measure[] {
  return [
    { what, unit: "s", original: original?.seconds, ours: ours?.seconds, ...target },
    {
      what: `${what}, memory`,
      unit: "MB",
      original: original?.megabytes,
      ours: ours?.megabytes,
      ...(target.limit === undefined ? {} : { limit: 4096 }),
    },
  ];
}

export async function run(): Promise<void> {
  for (const note of ensurePackages({ originals: true })) console.log(note);
  if (!existsSync(OURS)) throw new Error(`${OURS} is missing; run \`npm run build\` first`);
  const haveOriginal = existsSync(ORIGINAL);
  const folder = mkdtempSync(join(tmpdir(), "bench-scheduler-"));
  const rows: Measure[] = [];
  const growth = new Map<string, [number, number][]>();
  const point = (what: string, plan: Plan, c: Cost | undefined): void => {
    if (c === undefined || plan.nodes < 8) return;
    const list = growth.get(what) ?? [];
    list.push([plan.nodes * plan.resources, c.seconds]);
    growth.set(what, list);
  };
  try {
    for (const plan of PLANS) {
      const form = plan.warm ? "warm" : "cold";
      const what = `${plan.nodes}×${plan.resources} ${form}`;
      const file = join(folder, "cib.xml");
      await Bun.write(file, generateCib(plan, plan.warm));
      const args = ["-x", file, "-Q", "-G", join(folder, "graph.xml")];
      const programs = haveOriginal && plan.beside ? [OURS, ORIGINAL] : [OURS];
      const [ours, original] = measured(programs, args);
      point(`${form}, ours`, plan, ours);
      point(`${form}, original`, plan, original);
      const target = {
        ...(plan.goal === undefined ? {} : { goal: plan.goal }),
        ...(plan.limitSeconds === undefined ? {} : { limit: plan.limitSeconds }),
      };
      rows.push(...pair(what, ours, original, target));
      if (what === "8×200 cold") {
        const simulated = ["-x", file, "-Q", "-S"];
        const [ourRun, theirRun] = measured(programs, simulated);
        rows.push(...pair(`${what}, -S`, ourRun, theirRun, { goal: 0.03 }));
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  printTable(rows);
  printGrowth(growth);
  console.log("– : not measured; the original would take minutes there");
}
