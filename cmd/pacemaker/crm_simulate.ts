/** crm_simulate: what would the cluster do, and what would come of it (spec/outputs-and-tools section A3). */
import { CrmError, isRejection } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import type { CibDoc } from "../../lib/cib/document.ts";
import { flag, list, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import {
  executionLines,
  modificationLines,
  noteLines,
  preambleLines,
  statusLines,
  transitionLines,
} from "../../lib/render/simulation.ts";
import {
  actionsXml,
  modificationsXml,
  notesXml,
  statusXml,
  transitionXml,
} from "../../lib/render/simulation-xml.ts";
import {
  hasInjections,
  type Injections,
  inject,
  parseOperationSpec,
} from "../../lib/simulate/inject.ts";
import { type Simulation, simulate } from "../../lib/simulate/run.ts";
import { readStatus } from "../../lib/status/status.ts";
import type { XmlElement } from "../../lib/xml/node.ts";
import { writeXml } from "../../lib/xml/write.ts";
import { localTime } from "./local-time.ts";
import { type Clock, clockOf, type Input, readInput } from "./simulate/input.ts";
import { logStatus } from "./status-log.ts";
import { OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

const NOT_VALIDATED =
  'Schema validation of configuration is disabled (support for validate-with set to "none" is deprecated and will be removed in a future release)';

function injectionsOf(given: ParsedOptions): Injections {
  return {
    quorum: given.value("quorum"),
    watchdog: given.value("watchdog"),
    nodesUp: given.list("node-up"),
    nodesDown: given.list("node-down"),
    nodesFailed: given.list("node-fail"),
    ticketsGranted: given.list("ticket-grant"),
    ticketsRevoked: given.list("ticket-revoke"),
    ticketsStandby: given.list("ticket-standby"),
    ticketsActivated: given.list("ticket-activate"),
    operations: given.list("op-inject"),
  };
}

class Printer {
  constructor(
    private readonly output: ToolOutput,
    readonly quiet: boolean,
  ) {}

  lines(lines: readonly string[]): void {
    if (this.quiet) return;
    for (const line of lines) this.output.line(line);
  }

  /** The lines are made only where they are shown: those of a large cluster take longer than its schedule. */
  section(lines: () => readonly string[]): void {
    if (!this.quiet) this.lines(["", ...lines()]);
  }

  xml(part: () => XmlElement): void {
    if (!this.quiet && this.output.isXml) this.output.xml(part());
  }
}

/** Applies what -u, -d, -i and the like ask for, and says so. */
function modified(
  given: ParsedOptions,
  doc: CibDoc,
  clock: Clock,
  print: Printer,
  output: ToolOutput,
): CibDoc {
  const injections = injectionsOf(given);
  const injected = inject(doc, injections, clock.now);
  if (!hasInjections(injections)) return injected.doc;
  print.section(() => modificationLines(injections, injected.items));
  print.xml(() => modificationsXml(injections, injected.items));
  for (const text of injected.errors) output.error(text);
  if (clock.line !== "") print.lines([clock.line]);
  return injected.doc;
}

async function writeFiles(given: ParsedOptions, done: Simulation, session: Session): Promise<void> {
  const schedule = done.schedule;
  if (schedule === undefined) return;
  const graph = given.value("save-graph");
  if (graph !== undefined) {
    const { graphPieces } = await import("../../lib/render/graph-xml.ts");
    await session.writePieces(graph, graphPieces(schedule.graph));
  }
  const dot = given.value("save-dotfile");
  if (dot === undefined) return;
  const { dotText } = await import("../../lib/render/dot.ts");
  const text = dotText(schedule.actions, given.flag("all-actions"), given.count("verbose") > 0);
  await session.writeFile(dot, text);
}

function failuresOf(given: ParsedOptions) {
  return given.list("op-fail").map((text) => {
    const spec = parseOperationSpec(text);
    if (isRejection(spec)) throw new CrmError(spec.text, Exit.usage);
    return spec;
  });
}

async function simulateOne(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
): Promise<ToolResult> {
  const folder = given.value("profile");
  if (folder !== undefined) {
    const { profileFolder } = await import("./simulate/profile.ts");
    return profileFolder(folder, given, session, output);
  }
  const input = await readInput(given, session);
  const wants = {
    scores: given.flag("show-scores"),
    utilization: given.flag("show-utilization"),
    attributes: given.flag("show-attrs"),
    failCounts: given.flag("show-failcounts"),
  };
  const inPlace = given.flag("in-place");
  const failures = failuresOf(given);
  const execute = given.flag("simulate") || inPlace || failures.length > 0;
  const schedule =
    execute ||
    given.flag("run") ||
    wants.scores ||
    wants.utilization ||
    given.value("save-graph") !== undefined ||
    given.value("save-dotfile") !== undefined;
  const quiet = given.flag("quiet");
  const print = new Printer(output, quiet);
  if (!input.validated) {
    if (quiet) output.error(NOT_VALIDATED);
    else print.lines([NOT_VALIDATED]);
  }
  const clock = clockOf(given, input.doc, session);
  if (clock.line !== "") print.lines([clock.line]);
  const status = quiet ? undefined : readStatus(input.doc, clock.now);
  if (status !== undefined) {
    logStatus(given, session, status);
    print.lines([
      ...preambleLines(status),
      ...statusLines(status, "Current cluster status", wants, localTime),
    ]);
    print.xml(() => statusXml("cluster_status", status, wants, localTime));
  }
  const doc = modified(given, input.doc, clock, print, output);
  const saveInput = given.value("save-input");
  if (saveInput !== undefined) await session.writeFile(saveInput, writeXml(doc.root));
  if (!schedule) return output.finish(Exit.ok);
  const done = simulate(doc, {
    now: clock.now,
    recordedAt: Math.floor(session.now() / 1000),
    schedule,
    execute,
    traceScores: wants.scores,
    traceUtilization: wants.utilization,
    failures,
    status: doc === input.doc ? status : undefined,
  });
  // What was said before the changes is not said again when nothing changed.
  if (quiet || doc !== input.doc) logStatus(given, session, done.status);
  if (done.revised !== undefined) logStatus(given, session, done.revised);
  await writeFiles(given, done, session);
  return report(given, session, output, print, {
    done,
    clock,
    wants,
    store: inPlace ? input.store : undefined,
  });
}

interface Report {
  readonly done: Simulation;
  readonly clock: Clock;
  readonly wants: {
    readonly scores: boolean;
    readonly utilization: boolean;
    readonly attributes: boolean;
    readonly failCounts: boolean;
  };
  readonly store: Input["store"];
}

async function report(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
  print: Printer,
  r: Report,
): Promise<ToolResult> {
  const { done, wants, clock } = r;
  if (wants.scores || wants.utilization) {
    const fancy = !(wants.scores && print.quiet);
    output.line("");
    for (const line of noteLines(done, { ...wants, fancy })) output.line(line);
    output.xml(notesXml(done.schedule?.notes ?? [], wants));
  }
  print.section(() => transitionLines(done));
  const { schedule } = done;
  if (schedule !== undefined) print.xml(() => actionsXml(schedule.summary));
  const { execution, revised } = done;
  if (execution === undefined || revised === undefined) return output.finish(Exit.ok);
  print.section(() => executionLines(done));
  print.xml(() => transitionXml(execution.steps));
  if (execution.state !== "complete" && execution.state !== "stopped") {
    output.error(`Transition failed: ${execution.state}`);
    output.error("An invalid transition was produced");
    return output.finish(Exit.error);
  }
  if (clock.line !== "") print.lines([clock.line]);
  print.section(() => statusLines(revised, "Revised Cluster Status", wants, localTime));
  print.xml(() => statusXml("revised_cluster_status", revised, wants, localTime));
  const saveOutput = given.value("save-output");
  if (saveOutput !== undefined) {
    await session.writeFile(saveOutput, writeXml(execution.doc.root));
  }
  await r.store?.(execution.doc.root);
  return output.finish(Exit.ok);
}

const RUN = "Operations";
const CHANGE = "Synthetic cluster events";
const FILES = "Artifacts";
const SOURCE = "Data sources";

export default defineTool({
  name: "crm_simulate",
  summary: "show what the cluster would do",
  usage: "(-L | -x FILE | -p) [OPTION ...]",
  options: [
    flag("run", "R", "Schedule and show the transition", RUN),
    flag("simulate", "S", "Schedule, carry out and show what comes of it", RUN),
    flag("in-place", "X", "Like -S, and store the result", RUN),
    flag("show-attrs", "A", "Show node attributes", RUN),
    flag("show-failcounts", "c", "Show fail counts", RUN),
    flag("show-scores", "s", "Show scores", RUN),
    flag("show-utilization", "U", "Show utilization", RUN),
    { ...flag("pending", "j", "No effect", RUN), hidden: true },
    list("node-up", "u", "NODE", "Bring a node online", CHANGE),
    list("node-down", "d", "NODE", "Take a node offline", CHANGE),
    list("node-fail", "f", "NODE", "Let a node fail", CHANGE),
    list("op-inject", "i", "OPSPEC", "Inject the result of an operation", CHANGE),
    list("op-fail", "F", "OPSPEC", "Let an operation fail", CHANGE),
    value("set-datetime", "t", "DATETIME", "Time to assume", CHANGE),
    value("quorum", "q", "BOOLEAN", "Have quorum, or not", CHANGE),
    value("watchdog", "w", "BOOLEAN", "Have a watchdog, or not", CHANGE),
    list("ticket-grant", "g", "TICKET", "Grant a ticket", CHANGE),
    list("ticket-revoke", "r", "TICKET", "Revoke a ticket", CHANGE),
    list("ticket-standby", "b", "TICKET", "Make a ticket standby", CHANGE),
    list("ticket-activate", "e", "TICKET", "Activate a ticket", CHANGE),
    value("profile", "P", "DIR", "Time the scheduler on all XML files of a folder", RUN),
    value("repeat", "N", "N", "How often --profile schedules each file", RUN),
    value("save-input", "I", "FILE", "Save the configuration to schedule", FILES),
    value("save-output", "O", "FILE", "Save the configuration after all", FILES),
    value("save-graph", "G", "FILE", "Save the transition graph as XML", FILES),
    value("save-dotfile", "D", "FILE", "Save the transition graph for Graphviz", FILES),
    flag("all-actions", "a", "Draw optional actions too", FILES),
    flag("live-check", "L", "Take the running cluster's configuration", SOURCE),
    value("xml-file", "x", "FILE", "Take the configuration in a file", SOURCE),
    flag("xml-pipe", "p", "Take the configuration on standard input", SOURCE),
    flag("quiet", "Q", "Show only what is asked for", "Output"),
    ...OUTPUT_OPTIONS,
  ],
  run: (given, session) =>
    withOutput(given, session, (output) => simulateOne(given, session, output)),
});
