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
 * what the part printed. Errors of a part go to stderr at once.
 */
export async function runParts(
  parts: readonly Part[],
  jobs: number,
  argv: (part: Part) => readonly string[],
  done: (part: Part, output: string) => void,
): Promise<void> {
  const outputs: (string | undefined)[] = parts.map(() => undefined);
  let [next, told] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let index = next++; index < parts.length; index = next++) {
      const words = [process.execPath, process.argv[1] ?? "", ...argv(parts[index]!)];
      const child = Bun.spawn(words, { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
      outputs[index] = await new Response(child.stdout).text();
      await child.exited;
      for (let output = outputs[told]; output !== undefined; output = outputs[told]) {
        outputs[told] = "";
        done(parts[told]!, output);
        told++;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, parts.length) }, worker));
}
