/** crm_simulate --profile: how long the scheduler takes for each file of a folder (spec/outputs-and-tools section A3.1). */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import type { ParsedOptions, Session, ToolResult } from "../../../lib/cli/tool.ts";
import { simulate } from "../../../lib/simulate/run.ts";
import { element, type XmlElement } from "../../../lib/xml/node.ts";
import { PlainError, type ToolOutput } from "../tool-output.ts";
import { clockOf, preparedFrom } from "./input.ts";

/** How often each file is scheduled: --repeat, else once. */
function repeatsOf(given: ParsedOptions): number {
  const text = given.value("repeat");
  if (text === undefined) return 1;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CrmError(`Cannot parse integer value “${text}” for -N`, Exit.usage);
  }
  return Number(text);
}

/** Schedules one file as often as asked; seconds that it took, undefined when the file cannot be scheduled. */
async function timed(
  path: string,
  repeats: number,
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
): Promise<number | undefined> {
  try {
    const { doc } = preparedFrom(await session.readFile(path), path);
    const { now } = clockOf(given, doc, session);
    const started = session.now();
    for (let i = 0; i < repeats; i++) simulate(doc, { now, schedule: true, execute: false });
    return (session.now() - started) / 1000;
  } catch (error) {
    if (!(error instanceof CrmError)) throw error;
    output.log(
      error instanceof PlainError ? error.message : `${session.program}: ${error.message}`,
    );
    return undefined;
  }
}

/**
 * Times all files of `folder` that end in .xml, in the order of their names; those that cannot be used are told and left out.
 * Differs: Pacemaker takes the files in the order of the folder, which is none, and is silent when there is no such folder.
 */
export async function profileFolder(
  folder: string,
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
): Promise<ToolResult> {
  const repeats = repeatsOf(given);
  const names = (await session.listFolder(folder)).filter((name) => /^[^.].*\.xml$/.test(name));
  const plain = given.flag("quiet") && given.flag("show-scores");
  const timings: XmlElement[] = [];
  for (const name of names) {
    const path = `${folder}/${name}`;
    const seconds = await timed(path, repeats, given, session, output);
    if (seconds === undefined) continue;
    if (!plain && timings.length === 0) output.line("Timings:");
    output.line(`${plain ? "" : "  * "}Testing ${path} ... ${seconds.toFixed(2)} secs`);
    timings.push(element("timing", { file: path, duration: seconds.toFixed(6) }));
  }
  output.xml(element("timings", {}, timings));
  return output.finish(Exit.ok);
}
