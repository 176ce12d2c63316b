/**
 * crm_mon: what the cluster is doing now, once or as a display that follows every change (spec/outputs-and-tools B).
 * The stack decides the text (lib/view/form.ts); XML and HTML follow current Pacemaker.
 */
import { CrmError, isRejection } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import type { CibDoc } from "../../lib/cib/document.ts";
import { count, flag, list, optional, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { classicSimpleStatus, classicText } from "../../lib/render/classic.ts";
import { clusterHtml } from "../../lib/render/cluster-html.ts";
import { clusterXml } from "../../lib/render/cluster-xml.ts";
import { currentSimpleStatus, currentText } from "../../lib/render/current.ts";
import { resultXml } from "../../lib/render/result.ts";
import { selfCommand } from "../../lib/runtime/command-line.ts";
import { isStartedAsDaemon, reportStartup, startDaemon } from "../../lib/runtime/daemonize.ts";
import type { ClusterStatus } from "../../lib/status/state.ts";
import { readStatus } from "../../lib/status/status.ts";
import { parseTimeoutMs } from "../../lib/time/interval.ts";
import type { ClusterView } from "../../lib/view/cluster.ts";
import { clusterView } from "../../lib/view/cluster-builder.ts";
import { DEFAULT_DISPLAY, type Display } from "../../lib/view/display.ts";
import { nodesNamed, onlyNodes, onlyResources, resourcesNamed } from "../../lib/view/filter.ts";
import { applySections, defaultSections, type SectionStep } from "../../lib/view/sections.ts";
import { localTime } from "./local-time.ts";
import { type Monitored, openMonitored } from "./monitored-cib.ts";
import { logStatus } from "./status-log.ts";
import { requestText } from "./tool-output.ts";

type Format = "text" | "xml" | "html" | "none";

const options: readonly OptionSpec[] = [
  flag("one-shot", "1", "Display the cluster status once and exit", "Modes"),
  flag("disable-ncurses", "N", "Accepted for compatibility", "Modes"),
  flag("daemonize", "d", "Write to a file in the background (with --output-to)", "Modes"),
  flag("simple-status", "s", "One line for monitoring systems", "Modes"),
  flag("as-xml", "X", "The same as --output-as=xml --one-shot", "Modes"),
  value("as-html", "h", "FILE", "Write HTML into FILE", "Modes"),
  flag("web-cgi", "w", "HTML with a CGI header, once", "Modes"),
  value("interval", "i", "TIME", "Time between looks while nothing changes (default 5s)", "Modes"),
  list("include", "I", "LIST", "Sections to add", "Display"),
  list("exclude", "U", "LIST", "Sections to leave out", "Display"),
  value("node", undefined, "NODE", "Only this node", "Display"),
  value("resource", undefined, "RSC", "Only this resource", "Display"),
  flag("group-by-node", "n", "Resources below their nodes", "Display"),
  flag("inactive", "r", "Resources that run nowhere too", "Display"),
  flag("failcounts", "f", "Fail counts", "Display"),
  flag("operations", "o", "Operation history", "Display"),
  flag("timing-details", "t", "Operation history with times", "Display"),
  flag("tickets", "c", "Tickets", "Display"),
  optional("fence-history", "m", "LEVEL", "Fencing history", "Display"),
  optional("neg-locations", "L", "PREFIX", "Constraints that keep resources away", "Display"),
  flag("show-node-attributes", "A", "Node attributes", "Display"),
  flag("hide-headers", "D", "No summary", "Display"),
  flag("show-detail", "R", "Ids, every instance, all parts of bundles", "Display"),
  flag("show-description", undefined, "Descriptions of resources", "Display"),
  flag("brief", "b", "Counts instead of lines", "Display"),
  flag("pending", "j", "Accepted for compatibility: pending actions are always shown", "Display"),
  flag("watch-fencing", "W", "Follow fencing events", "Display"),
  value("output-as", undefined, "FORMAT", "console, text, xml, html or none", "Output"),
  value("output-to", undefined, "FILE", "Write there instead of stdout", "Output"),
  flag("html-cgi", undefined, "A CGI header before HTML", "Output"),
  value("html-stylesheet", undefined, "URI", "A style sheet to link", "Output"),
  value("html-title", undefined, "TITLE", "Title of the page", "Output"),
  value("external-agent", "E", "PROGRAM", "Accepted for compatibility: use alerts", "Output"),
  value("external-recipient", "e", "WHO", "Accepted for compatibility: use alerts", "Output"),
  value("pid-file", "p", "FILE", "Where --daemonize writes its process id", "Output"),
  value("xml-file", "x", "FILE", "Read a CIB from FILE", "Modes"),
  flag("quiet", "Q", "Leave out the times"),
  count("verbose", "V", "Say more"),
];

function formatOf(given: ParsedOptions): Format {
  if (given.flag("as-xml")) return "xml";
  if (given.flag("web-cgi") || given.value("as-html") !== undefined) return "html";
  const word = given.value("output-as") ?? "text";
  if (word === "console" || word === "text") return "text";
  if (word === "xml" || word === "html" || word === "none") return word;
  throw new CrmError(
    `Invalid --output-as value '${word}': console, text, xml, html or none`,
    Exit.usage,
  );
}

/** The display that the options ask for. */
function displayOf(given: ParsedOptions, format: Format, host: string, daemon: string): Display {
  const form = format === "xml" ? "xml" : "text";
  const steps = given.order
    .filter((o) => o.key === "include" || o.key === "exclude")
    .map((o): SectionStep => ({ kind: o.key as "include" | "exclude", list: o.value }));
  const sections = applySections(defaultSections(form), form, steps);
  if (isRejection(sections)) throw new CrmError(sections.text, Exit.usage);
  const has = (name: string) => sections.shown.has(name);
  const bans = given.value("neg-locations") ?? (has("bans") ? sections.bansPrefix : undefined);
  return {
    ...DEFAULT_DISPLAY,
    inactive: given.flag("inactive") || format === "xml",
    groupByNode: given.flag("group-by-node"),
    failCounts: given.flag("failcounts") || has("failcounts"),
    operations: given.flag("operations") || has("operations"),
    timing: given.flag("timing-details"),
    attributes: given.flag("show-node-attributes") || has("attributes"),
    tickets: given.flag("tickets") || has("tickets"),
    bans,
    detail: given.flag("show-detail"),
    descriptions: given.flag("show-description"),
    brief: given.flag("brief"),
    summary: !given.flag("hide-headers"),
    stack: has("stack"),
    dc: has("dc"),
    times: has("times") && !given.flag("quiet"),
    counts: has("counts"),
    maintenanceMode: has("maint-mode"),
    nodes: has("nodes"),
    resources: has("resources"),
    failures: has("failures"),
    options: has("options"),
    host,
    daemonState: daemon,
  };
}

/** Only some nodes or resources, where asked. */
function filtered(status: ClusterStatus, given: ParsedOptions): ClusterView {
  const node = given.value("node");
  const resource = given.value("resource");
  let view = clusterView(status);
  if (node !== undefined) view = onlyNodes(view, nodesNamed(status, node));
  if (resource !== undefined) view = onlyResources(view, resourcesNamed(status, resource));
  return view;
}

/** One picture of one CIB. */
function picture(doc: CibDoc, given: ParsedOptions, session: Session, daemon: string): ToolResult {
  const now = Math.floor(session.now() / 1000);
  const status = readStatus(doc, now);
  // A display that stays has no place for messages.
  if (isOnce(given)) logStatus(given, session, status);
  const view = filtered(status, given);
  if (given.flag("simple-status")) {
    const simple = view.form === "classic" ? classicSimpleStatus : currentSimpleStatus;
    const { text, ok } = simple(view);
    return { exit: ok ? Exit.ok : Exit.error, out: text };
  }
  const format = formatOf(given);
  const show = displayOf(given, format, daemon === "" ? "" : session.hostName, daemon);
  switch (format) {
    case "xml":
      return {
        exit: Exit.ok,
        out: resultXml(requestText(given, session), clusterXml(view, show, localTime)),
      };
    case "html": {
      const title = given.value("html-title") ?? requestText(given, session);
      const style = given.value("html-stylesheet");
      const cgi =
        given.flag("html-cgi") || given.flag("web-cgi") ? "Content-Type: text/html\n\n" : "";
      return { exit: Exit.ok, out: `${cgi}${clusterHtml(view, show, localTime, title, style)}` };
    }
    case "none":
      return { exit: Exit.ok };
    case "text": {
      const text = view.form === "classic" ? classicText : currentText;
      return { exit: Exit.ok, out: text(view, show, localTime) };
    }
  }
}

const CLEAR = "\u001b[H\u001b[2J";

/** Redraws at every change and at least once per interval, until the session ends. */
async function follow(
  cluster: Monitored,
  given: ParsedOptions,
  session: Session,
  write: (result: ToolResult) => Promise<void>,
): Promise<ToolResult> {
  const interval = parseTimeoutMs(given.value("interval") ?? "5s");
  if (interval === undefined || interval === 0) {
    throw new CrmError(`Invalid interval '${given.value("interval")}': say 5s or 1min`, Exit.usage);
  }
  for (;;) {
    const doc = await cluster.read();
    if (doc === undefined) session.print(`${CLEAR}Attempting connection to the cluster...\n`);
    else await write(picture(doc, given, session, cluster.daemonState));
    reportStartup();
    await cluster.changed(doc === undefined ? 1000 : interval);
  }
}

function outputFile(given: ParsedOptions): string | undefined {
  return given.value("output-to") ?? given.value("as-html");
}

/** One picture instead of a display that stays. */
function isOnce(given: ParsedOptions): boolean {
  const words = ["one-shot", "simple-status", "as-xml", "web-cgi"];
  if (words.some((word) => given.flag(word)) || given.value("xml-file") !== undefined) return true;
  return formatOf(given) !== "text" && outputFile(given) === undefined;
}

const BACKGROUND_START_MS = 10_000;

/** --daemonize: the same words once more, detached; its process id goes into --pid-file. */
async function goToBackground(given: ParsedOptions, session: Session): Promise<ToolResult> {
  const argv = [...selfCommand(), "crm_mon", ...given.words];
  const { exit, message, pid } = await startDaemon(argv, BACKGROUND_START_MS);
  if (exit !== 0) throw new CrmError(`could not go to the background: ${message}`, Exit.error);
  const pidFile = given.value("pid-file");
  if (pidFile !== undefined) await session.writeFile(pidFile, `${pid}\n`);
  return { exit: Exit.ok };
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  const file = outputFile(given);
  if (given.flag("daemonize")) {
    if (file === undefined || file === "-") {
      const text = "--daemonize needs a file to write into: --output-to or --as-html";
      throw new CrmError(text, Exit.usage);
    }
    if (!isStartedAsDaemon()) return goToBackground(given, session);
  }
  const once = isOnce(given);
  const cluster = await openMonitored(session, given.value("xml-file"), !once);
  const write = async (result: ToolResult) => {
    if (file !== undefined && file !== "-") await session.writeFile(file, result.out ?? "");
    else session.print(`${session.columns === undefined ? "" : CLEAR}${result.out ?? ""}`);
  };
  try {
    if (!once) return await follow(cluster, given, session, write);
    const doc = await cluster.read();
    if (doc === undefined) return notConnected(cluster, given, session);
    const result = picture(doc, given, session, cluster.daemonState);
    if (file === undefined || file === "-") return result;
    await session.writeFile(file, result.out ?? "");
    return { exit: result.exit };
  } finally {
    cluster.close();
  }
}

/** One-shot forms end at once; XML says it as a result. */
function notConnected(cluster: Monitored, given: ParsedOptions, session: Session): ToolResult {
  const { reason, exit } = cluster;
  if (given.flag("simple-status")) throw new CrmError("cluster is not available on this node", 1);
  const text = `Connection to cluster failed: ${reason}`;
  if (formatOf(given) !== "xml") throw new CrmError(text, exit);
  const errors = [`${session.program}: ${text}`];
  const out = resultXml(requestText(given, session), [], exit, errors);
  return { exit, out };
}

export default defineTool({
  name: "crm_mon",
  summary: "Show what the cluster is doing",
  usage: "[options]",
  description: "Without -1 the display stays and follows every change.",
  options,
  run,
});
