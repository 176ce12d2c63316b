/**
 * What a short run of a tool costs: the same small inputs through our crm_simulate and Debian's, each a process of its own,
 * user + system time summed over all. Inputs are the shared reference cases where they lie beside the repository, else
 * generated ones. Needs a build (`npm run build`).
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePackages } from "../packages.ts";
import { generateCib } from "./generate-cib.ts";
import { median, printTable } from "./table.ts";

const root = join(import.meta.dir, "../..");
const DIST = join(root, "dist");
const ORIGINALS = "/usr/sbin";
const SHARED = join(root, "../shared/data/scheduler/xml");
/** The largest share of the original's time that is good. */
const GOAL = 0.6;
const TURNS = 9;

/** Processor seconds of one process; undefined when it cannot be started. */
function processorSeconds(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): number | undefined {
  const done = Bun.spawnSync([program, ...args], {
    stdout: "ignore",
    stderr: "ignore",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC", ...env },
  });
  return done.resourceUsage === undefined
    ? undefined
    : Number(done.resourceUsage.cpuTime.total) / 1e6;
}

/** Files of small clusters; where there are no shared ones, some are made in `folder`. */
async function inputs(folder: string): Promise<readonly string[]> {
  if (existsSync(SHARED)) {
    const names = readdirSync(SHARED).filter((name) => name.endsWith(".xml"));
    return names.sort().map((name) => join(SHARED, name));
  }
  console.log("../shared is absent: made clusters are measured");
  const files: string[] = [];
  for (let resources = 2; resources <= 40; resources += 2) {
    const file = join(folder, `made-${resources}.xml`);
    await Bun.write(file, generateCib({ nodes: 3, resources }, false));
    files.push(file);
  }
  return files;
}

/** All inputs in the two forms of the reference suite, the two programs in turns, so that both see the same machine. */
function suite(files: readonly string[], folder: string): { ours: number; original: number } {
  const sum = { ours: 0, original: 0 };
  const graphs = ["-D", join(folder, "dot"), "-G", join(folder, "graph"), "-sSQ"];
  const env = { CIB_shadow_dir: folder };
  for (const file of files) {
    for (const form of [["-S"], graphs]) {
      const args = ["-x", file, ...form];
      sum.ours += processorSeconds(join(DIST, "crm_simulate"), args, env) ?? Number.NaN;
      sum.original += processorSeconds(join(ORIGINALS, "crm_simulate"), args, env) ?? Number.NaN;
    }
  }
  return sum;
}

/** Tools on a file instead of a cluster: start, read, print. */
const TOOLS: readonly (readonly [tool: string, args: readonly string[]])[] = [
  ["crm_mon", ["-1"]],
  ["cibadmin", ["-Q"]],
  ["crm_verify", ["-L"]],
  ["crm", ["status"]],
];

function middle(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): number | undefined {
  if (!existsSync(program)) return undefined;
  const runs = Array.from({ length: TURNS }, () => processorSeconds(program, args, env));
  return median(runs.filter((seconds) => seconds !== undefined));
}

export async function run(): Promise<void> {
  for (const note of ensurePackages({ originals: true })) console.log(note);
  if (!existsSync(join(DIST, "quorate"))) {
    throw new Error(`${DIST}/quorate is missing; run \`npm run build\` first`);
  }
  const folder = mkdtempSync(join(tmpdir(), "bench-tools-"));
  try {
    const files = await inputs(folder);
    const bare = middle(join(DIST, "quorate"), ["--version"], {});
    const cib = join(folder, "cib.xml");
    await Bun.write(cib, Bun.file(files[0] as string));
    const tools = TOOLS.map(([tool, args]) => ({
      what: `${tool} ${args.join(" ")} on a file`,
      unit: "s" as const,
      ours: middle(join(DIST, tool), args, { CIB_file: cib }),
      original: middle(join(ORIGINALS, tool), args, { CIB_file: cib }),
    }));
    const sum = existsSync(join(ORIGINALS, "crm_simulate")) ? suite(files, folder) : undefined;
    printTable([
      { what: "quorate --version", unit: "s", original: undefined, ours: bare },
      ...tools,
      {
        what: `crm_simulate on ${files.length} small inputs, two runs each`,
        unit: "s",
        original: sum?.original,
        ours: sum?.ours,
        goal: GOAL,
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
