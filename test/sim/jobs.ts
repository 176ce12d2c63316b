/**
 * Runs seeds on several processes at once: a range is cut into parts, each part is the same script again with its own seeds,
 * and what the parts print appears in the order of the seeds.
 */

export interface Part {
  readonly seed: number;
  readonly seeds: number;
}

export function partsOf(first: number, seeds: number, largest: number): readonly Part[] {
  const parts: Part[] = [];
  for (let done = 0; done < seeds; done += largest) {
    parts.push({ seed: first + done, seeds: Math.min(largest, seeds - done) });
  }
  return parts;
}

/**
 * Runs this script with `argv(part)` for each part, at most `jobs` at once; `done` is called in the order of the parts with
 * what the part printed and its exit code. Errors of a part go to stderr at once.
 */
export async function runParts(
  parts: readonly Part[],
  jobs: number,
  argv: (part: Part) => readonly string[],
  done: (part: Part, output: string, exit: number) => void,
): Promise<void> {
  const ended: ({ readonly output: string; readonly exit: number } | undefined)[] = [];
  let [next, told] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let index = next++; index < parts.length; index = next++) {
      const words = [process.execPath, process.argv[1] ?? "", ...argv(parts[index]!)];
      const child = Bun.spawn(words, { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
      const output = await new Response(child.stdout).text();
      ended[index] = { output, exit: await child.exited };
      for (let one = ended[told]; one !== undefined; one = ended[told]) {
        done(parts[told]!, one.output, one.exit);
        told++;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, parts.length) }, worker));
}
