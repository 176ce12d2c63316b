/**
 * Faults put into the core on purpose, each of which some seed of a small range must find: so that the audits are known to
 * bite. Run as `bun test/sim/ring/mutants.ts NAME [SEED SEEDS]` in a process of its own, it alters the named file while it is
 * loaded and prints the first violation; nothing when no seed finds the fault.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Edit {
  /** Below lib/. */
  readonly file: string;
  /** Stands once in the file. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant extends Edit {
  readonly name: string;
  /** Where one alteration alone would be caught by a second guard of the core. */
  readonly also?: Edit;
  /** What the violation says. */
  readonly says: RegExp;
  /** Where to look for it first, and how long those histories are. */
  readonly seed: number;
  readonly minutes?: number;
}

export const mutants: readonly Mutant[] = [
  {
    name: "a departed sender's messages beyond a gap are delivered",
    file: "totem/operational.ts",
    from: "message?.encapsulated === 2 && from.includes(message.systemFrom)",
    to: "message?.encapsulated === 2",
    says: /after its sender is gone|delivered \[/,
    seed: 12,
    minutes: 0.1,
  },
  {
    name: "a ring is installed one rotation too early",
    file: "totem/recovery.ts",
    from: "ring.reachedRotations === 2",
    to: "ring.reachedRotations === 1",
    says: /installs|delivered \[/,
    seed: 10,
  },
  {
    name: "a second commit overwrites what was saved of the old ring",
    file: "totem/commit.ts",
    from: "ring.saved ??=",
    to: "ring.saved =",
    also: { file: "totem/recovery.ts", from: "  ring.aru = ring.saved.aru;", to: "" },
    says: /has its old ring up to/,
    seed: 3,
    minutes: 0.1,
  },
  {
    name: "the ring id is not on disk when the commit token goes on",
    file: "totem/commit.ts",
    from: "ring.reserveRingSeq(token.ringId.seq);",
    to: "",
    says: /not on disk/,
    seed: 1,
  },
  {
    name: "a token that was here before is taken again",
    file: "totem/visit.ts",
    from: "sameRing(token.ringId, ring.ringId) && isBefore(ring.tokenSeq, token.tokenSeq)",
    to: "sameRing(token.ringId, ring.ringId)",
    says: /place|twice|after number|comes back/,
    seed: 3,
  },
  {
    name: "gaps are never asked for",
    file: "totem/retransmit.ts",
    from: "if (!listed) entries.push({ ringId, seq: current });",
    to: "void listed;",
    says: /not settled/,
    seed: 4,
  },
  {
    name: "a sender keeps no copy of its own message",
    file: "totem/visit.ts",
    from: "ring.sortQueue.add({ message, data });",
    to: "void message;",
    says: /not settled|comes back|delivered \[/,
    seed: 3,
  },
  {
    name: "old messages are not sent again in recovery",
    file: "totem/recovery.ts",
    from: "if (along.incomplete) queueOldMessages",
    to: "if (along.low < 0) queueOldMessages",
    says: /delivered \[|comes back/,
    seed: 10,
  },
  {
    name: "half of the votes are a quorum",
    file: "quorum/tally.ts",
    from: "Math.floor((votes + 2) / 2)",
    to: "Math.floor((votes + 1) / 2)",
    says: /quorate/,
    seed: 6,
  },
  {
    name: "a dead client stays in its group",
    file: "cpg/cpg.ts",
    from: '    const { group, pid } = client;\n    this.multicast({ kind: "leave", group, pid, reason: CpgReason.processDown });',
    to: "",
    says: /not settled/,
    seed: 27,
  },
  {
    name: "processes of new members are not added",
    file: "cpg/cpg.ts",
    from: "this.add(added, CpgReason.nodeUp);",
    to: "",
    says: /knows \[|not settled|not in \[|is told/,
    seed: 6,
  },
  {
    name: "a message goes to all groups",
    file: "cpg/cpg.ts",
    from: ".filter((c) => c.group === group && c.listens)",
    to: ".filter((c) => c.listens)",
    says: /gets a message|is told/,
    seed: 5,
  },
];

const lib = join(import.meta.dir, "../../../lib");

/** The file's text with the fault in it. Throws when what is to be altered does not stand there exactly once. */
function mutated({ file, from, to }: Edit): string {
  const text = readFileSync(join(lib, file), "utf8");
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}

/** The files of the core are loaded with the fault in them from now on. */
function plant(mutant: Mutant): void {
  const edits = [mutant, ...(mutant.also === undefined ? [] : [mutant.also])];
  const texts = new Map(edits.map((edit) => [join(lib, edit.file), mutated(edit)]));
  Bun.plugin({
    name: "mutant",
    setup(build) {
      build.onLoad({ filter: /\/lib\/.*\.ts$/ }, ({ path }) => ({
        contents: texts.get(path) ?? readFileSync(path, "utf8"),
        loader: "ts",
      }));
    },
  });
}

if (import.meta.main) {
  const [name, ...numbers] = process.argv.slice(2);
  const mutant = mutants.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`no mutant ${name}`);
  plant(mutant);
  const { runSeeds } = await import("./main.ts");
  const [seed = mutant.seed, seeds = 60] = numbers.map(Number);
  const { minutes } = mutant;
  for (let next = seed; next < seed + seeds; next++) {
    const [broken] = runSeeds({ seed: next, seeds: 1, minutes }, () => {}).broken;
    if (broken === undefined) continue;
    console.log(broken);
    break;
  }
}
