/** crm_ticket: tickets, which say on which site of a multi-site cluster resources may run (spec/outputs-and-tools.md D11). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { CallOption, type CibRequest } from "../../lib/cib/operations.ts";
import { flag, list as several, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { type CibSource, openCib } from "../../lib/client/cib-source.ts";
import { attr, child, childrenOf, element, type XmlElement } from "../../lib/xml/node.ts";
import { writeXml } from "../../lib/xml/write.ts";
import { localTime } from "./local-time.ts";
import {
  cdataElement,
  OUTPUT_OPTIONS,
  PlainError,
  type ToolOutput,
  withOutput,
} from "./tool-output.ts";

interface Job {
  readonly given: ParsedOptions;
  readonly session: Session;
  readonly output: ToolOutput;
  readonly source: CibSource;
  readonly root: XmlElement;
  readonly ticket: string | undefined;
}

function statesOf(job: Job): readonly XmlElement[] {
  const status = child(job.root, "status");
  const tickets = status === undefined ? undefined : child(status, "tickets");
  const all = tickets === undefined ? [] : childrenOf(tickets, "ticket_state");
  return job.ticket === undefined ? all : all.filter((s) => attr(s, "id") === job.ticket);
}

function isTrue(text: string | undefined): boolean {
  return /^(true|on|yes|y|1)$/i.test(text ?? "");
}

function timeText(epoch: string): string {
  return localTime(Number.parseInt(epoch, 10));
}

function needTicket(job: Job): string {
  if (job.ticket === undefined) throw new CrmError("Must supply ticket ID with -t", Exit.usage);
  return job.ticket;
}

/** One line for a ticket; `details` adds all its attributes. */
function ticketLine(state: XmlElement, details: boolean): string {
  const granted = isTrue(attr(state, "granted")) ? "granted" : "revoked";
  const standby = isTrue(attr(state, "standby")) ? " [standby]" : "";
  let line = `${attr(state, "id") ?? ""}\t${granted}${standby}`;
  const last = attr(state, "last-granted");
  if (!details) return last === undefined ? line : `${line} last-granted="${timeText(last)}"`;
  const others = [...state.attrs].filter(([name]) => name !== "id" && name !== "granted");
  if (others.length === 0) return line;
  const words = others.map(([name, value]) =>
    name === "last-granted" || name === "expires"
      ? `${name}=${timeText(value)}`
      : `${name}=${value}`,
  );
  if (last !== undefined) line += " ";
  return `${line}\t(${words.join(", ")})`;
}

function list(job: Job, form: "info" | "details" | "raw"): ToolResult {
  const states = statesOf(job);
  if (states.length === 0 && job.ticket !== undefined) {
    throw new CrmError(`No such ticket '${job.ticket}'`, exitOfResult(Errno.ENXIO));
  }
  for (const state of states) {
    job.output.line(
      form === "raw" ? (attr(state, "id") ?? "") : ticketLine(state, form === "details"),
    );
    const attrs = new Map(state.attrs);
    attrs.delete("granted");
    attrs.set("status", isTrue(attr(state, "granted")) ? "granted" : "revoked");
    job.output.xml(element("ticket", attrs));
  }
  return job.output.finish(Exit.ok);
}

function queryXml(job: Job): ToolResult {
  const states = statesOf(job);
  const [first] = states;
  if (first === undefined) {
    throw new CrmError(
      `Could not query ticket XML: ${resultText(Errno.ENXIO)}`,
      exitOfResult(Errno.ENXIO),
    );
  }
  const text = writeXml(states.length === 1 ? first : element("xpath-query", {}, states));
  job.output.line("State XML:\n");
  job.output.raw(text);
  job.output.xml(cdataElement("output", text));
  return job.output.finish(Exit.ok);
}

function constraints(job: Job): ToolResult {
  const configuration = child(job.root, "configuration");
  const section = configuration === undefined ? undefined : child(configuration, "constraints");
  const found = (section === undefined ? [] : childrenOf(section, "rsc_ticket")).filter(
    (c) => job.ticket === undefined || attr(c, "ticket") === job.ticket,
  );
  job.output.line("Constraints XML:\n");
  for (const constraint of found) job.output.raw(writeXml(constraint));
  job.output.xml(cdataElement("output", found.map((c) => writeXml(c)).join("")));
  return job.output.finish(Exit.ok);
}

function getAttribute(job: Job, name: string): ToolResult {
  const ticket = needTicket(job);
  const [state] = statesOf(job);
  const value = (state === undefined ? undefined : attr(state, name)) ?? job.given.value("default");
  if (value === undefined) {
    throw new CrmError(
      `Could not get ticket info: ${resultText(Errno.ENXIO)}`,
      exitOfResult(Errno.ENXIO),
    );
  }
  job.output.line(value);
  job.output.xml(
    element("tickets", {}, [
      element("ticket", { id: ticket }, [element("attribute", { name, value })]),
    ]),
  );
  return job.output.finish(Exit.ok);
}

const GRANT_WARNING = (t: string) =>
  `This command cannot help you verify whether '${t}' has been already granted elsewhere.\n` +
  `If you really want to grant '${t}' to this site now, and you know what you are doing,\n` +
  "please specify --force.";

const REVOKE_WARNING = (t: string) =>
  `Revoking '${t}' can trigger the specified 'loss-policy'(s) relating to '${t}'.\n\n` +
  `You can check that with:\ncrm_ticket --ticket ${t} --constraints\n\n` +
  `Otherwise before revoking '${t}', you may want to make '${t}'standby with:\n` +
  `crm_ticket --ticket ${t} --standby\n\n` +
  `If you really want to revoke '${t}' from this site now, and you know what you are doing,\n` +
  "please specify --force.";

/** Refuses to change `granted` without --force, saying what it would mean. */
function requireForce(job: Job, warning: string): void {
  if (job.given.flag("force")) return;
  job.output.error(warning);
  throw new CrmError(
    "Ticket modification not allowed without --force",
    Exit.insufficientPrivileges,
  );
}

/** Attributes to set and to delete, in one change. */
interface TicketChange {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

function changeOf(job: Job): TicketChange {
  const set = new Map<string, string>();
  const remove: string[] = [];
  let pending: string | undefined;
  for (const { key, value } of job.given.order) {
    if (key === "grant") set.set("granted", "true");
    else if (key === "revoke") set.set("granted", "false");
    else if (key === "standby") set.set("standby", "true");
    else if (key === "activate") set.set("standby", "false");
    else if (key === "delete-attr") remove.push(value);
    else if (key === "set-attr") pending = value;
    else if (key === "attr-value") {
      if (pending === undefined) {
        const text = `Must supply attribute name with -S for -v ${value}`;
        throw new CrmError(text, Exit.usage);
      }
      set.set(pending, value);
      pending = undefined;
    }
  }
  if (pending !== undefined) {
    throw new CrmError(`Must supply attribute value with -v for -S ${pending}`, Exit.usage);
  }
  return { set, remove };
}

async function modify(job: Job): Promise<ToolResult> {
  const id = needTicket(job);
  const change = changeOf(job);
  const [state] = statesOf(job);
  const wasGranted = isTrue(state === undefined ? undefined : attr(state, "granted"));
  const wanted = change.set.get("granted");
  if (wanted !== undefined && isTrue(wanted) !== wasGranted) {
    requireForce(job, isTrue(wanted) ? GRANT_WARNING(id) : REVOKE_WARNING(id));
  }
  const attrs = new Map(state?.attrs ?? [["id", id]]);
  for (const name of change.remove) attrs.delete(name);
  for (const [name, value] of change.set) attrs.set(name, value);
  if (wanted !== undefined && isTrue(wanted)) {
    attrs.set("last-granted", String(Math.floor(job.session.now() / 1000)));
  }
  const next = element("ticket_state", attrs);
  // Replacing is the only way to take an attribute away.
  await apply(
    job,
    state === undefined
      ? {
          op: "cib_modify",
          section: "status",
          data: element("tickets", {}, [next]),
          options: CallOption.canCreate,
        }
      : { op: "cib_replace", section: "status", data: next },
    "Could not modify ticket",
  );
  return job.output.finish(Exit.ok);
}

async function cleanup(job: Job): Promise<ToolResult> {
  const id = needTicket(job);
  const [state] = statesOf(job);
  if (state === undefined) return job.output.finish(Exit.ok);
  if (isTrue(attr(state, "granted"))) requireForce(job, REVOKE_WARNING(id));
  await apply(
    job,
    { op: "cib_delete", section: "status", data: element("ticket_state", { id }) },
    "Could not clean up ticket",
  );
  job.output.line(`Cleaned up ${id}`);
  return job.output.finish(Exit.ok);
}

async function apply(job: Job, request: CibRequest, what: string): Promise<void> {
  const { rc } = await job.source.apply(request);
  if (rc !== 0) throw new CrmError(`${what}: ${resultText(rc)}`, exitOfResult(rc));
}

const MODIFIES: ReadonlySet<string> = new Set([
  "grant",
  "revoke",
  "standby",
  "activate",
  "set-attr",
  "delete-attr",
  "attr-value",
]);

async function dispatch(job: Job): Promise<ToolResult> {
  const keys = job.given.order.map(({ key }) => key);
  if (keys.includes("cleanup")) return cleanup(job);
  if (keys.some((key) => MODIFIES.has(key))) return modify(job);
  const get = job.given.value("get-attr");
  if (get !== undefined) return getAttribute(job, get);
  if (keys.includes("query-xml")) return queryXml(job);
  if (keys.includes("constraints")) return constraints(job);
  if (keys.includes("info")) return list(job, "info");
  if (keys.includes("details")) return list(job, "details");
  if (keys.includes("raw")) return list(job, "raw");
  throw new CrmError("Must supply a command", Exit.usage);
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    let source: CibSource;
    try {
      source = await openCib(session);
    } catch (error) {
      const rc = resultCodeOf(error);
      if (rc === undefined) throw error;
      const text = `${session.program}: Could not get local CIB: ${resultText(rc)}`;
      throw new PlainError(text, exitOfResult(rc));
    }
    try {
      const { root } = await source.document();
      const ticket = given.value("ticket");
      return await dispatch({ given, session, output, source, root, ticket });
    } finally {
      source.close();
    }
  });
}

export default defineTool({
  name: "crm_ticket",
  summary: "grant, revoke and look at tickets of multi-site clusters",
  usage: "COMMAND [-t TICKET] [OPTION ...]",
  options: [
    flag("info", "l", "Show tickets", "Queries"),
    flag("details", "L", "Show tickets with all their attributes", "Queries"),
    flag("raw", "w", "Show ids only", "Queries"),
    flag("query-xml", "q", "Show the state as XML", "Queries"),
    flag("constraints", "c", "Show the constraints that need the ticket", "Queries"),
    value("get-attr", "G", "NAME", "Show one attribute", "Queries"),
    flag("grant", "g", "Grant the ticket to this site", "Commands"),
    flag("revoke", "r", "Revoke it", "Commands"),
    flag("standby", "s", "Stop what needs it, although it is granted", "Commands"),
    flag("activate", "a", "End that", "Commands"),
    several("set-attr", "S", "NAME", "Set an attribute (with -v)", "Commands"),
    several("attr-value", "v", "VALUE", "Value for -S", "Commands"),
    several("delete-attr", "D", "NAME", "Delete an attribute", "Commands"),
    flag("cleanup", "C", "Forget all about the ticket here", "Commands"),
    value("ticket", "t", "TICKET", "Ticket that is meant", "Additional"),
    value("default", "d", "VALUE", "What -G prints when there is no value", "Additional"),
    flag("force", "f", "Do it although resources may stop or run twice", "Additional"),
    ...OUTPUT_OPTIONS,
  ],
  run,
});
