/**
 * The scheduler: (CIB, time) → what every node must do next. It prints nothing, reads no clock and edits no input.
 * The stages and their order fix action ids (spec/scheduler-1 section 0). README.md in this folder tells where the
 * reference cases teach something that the spec does not say.
 *
 * Example: `schedule(doc, 1_700_000_000, {}).graph.synapses`.
 */
import type { CibDoc } from "../cib/document.ts";
import type { ClusterStatus } from "../status/state.ts";
import { readStatus } from "../status/status.ts";
import { leavesOf } from "../status/tree.ts";
import type { Action } from "./actions/action.ts";
import { clearRemovedFailCounts } from "./actions/cleanup.ts";
import { checkConfigChanges } from "./actions/config-change.ts";
import { scheduleProbes } from "./actions/probes.ts";
import { orderRemoteActions } from "./actions/remote.ts";
import { fenceAndShutdown } from "./actions/shutdown.ts";
import type { Instant, ScheduleOptions, ScheduleResult } from "./api.ts";
import { assignResources } from "./assign/assign-all.ts";
import type { Book, Note } from "./board.ts";
import type { Contribution } from "./causes.ts";
import { unpackConstraints } from "./constraints/unpack.ts";
import { applyNodeCriteria } from "./criteria/criteria.ts";
import { addHealthLocations } from "./criteria/health.ts";
import { dropInvalid } from "./graph/inputs.ts";
import { produceGraph } from "./graph/produce.ts";
import { openBook } from "./open-book.ts";
import { applyOrderings } from "./ordering/match.ts";
import { orderProbes } from "./ordering/probes.ts";
import { settleFlags } from "./ordering/settle.ts";
import { type Summary, summarize } from "./summary.ts";
import { variants } from "./variant/variants.ts";

/** A schedule with everything the tools show beside the graph. */
export interface Schedule extends ScheduleResult {
  readonly summary: Summary;
  /** Scores and capacities as they were decided on; empty unless asked for. */
  readonly notes: readonly Note[];
  /** Node that each leaf is assigned to, by resource id; those that go nowhere are missing. */
  readonly placements: ReadonlyMap<string, string>;
  /** What each rule changed in each table; empty unless asked for. */
  readonly contributions: readonly Contribution[];
  /** All actions, the optional and the impossible ones too; for the dot file and explanations. */
  readonly actions: readonly Action[];
  readonly status: ClusterStatus;
}

function createInternalConstraints(book: Book): void {
  for (const rsc of book.resources) book.kind(rsc).createConstraints(book, rsc);
}

function createActions(book: Book): void {
  for (const rsc of book.resources) book.kind(rsc).createActions(book, rsc);
}

function settleOrderings(book: Book): void {
  applyOrderings(book);
  settleFlags(book, () => orderProbes(book));
  dropInvalid(book);
}

function placements(book: Book): Map<string, string> {
  const found = new Map<string, string>();
  for (const rsc of book.resources) {
    for (const leaf of leavesOf(rsc)) {
      if (leaf.assigned !== undefined) found.set(leaf.id, leaf.assigned.name);
    }
  }
  return found;
}

/** Schedules from a status that has been read already (and stays as it is). */
export function scheduleStatus(status: ClusterStatus, options: ScheduleOptions = {}): Schedule {
  const book = openBook(status, options, variants);
  addHealthLocations(book);
  unpackConstraints(book);
  applyNodeCriteria(book);
  createInternalConstraints(book);
  checkConfigChanges(book);
  assignResources(book);
  for (const check of book.deferredChecks) check.run();
  scheduleProbes(book);
  clearRemovedFailCounts(book);
  createActions(book);
  orderRemoteActions(book);
  fenceAndShutdown(book);
  settleOrderings(book);
  const graph = produceGraph(book);
  // After the graph: looking for actions gives those without a node the node they are looked for on.
  const summary = summarize(book);
  return {
    graph,
    summary,
    notes: book.notes,
    contributions: book.contributions,
    placements: placements(book),
    messages: book.messages,
    recheckBy: book.recheckBy,
    actions: book.actions,
    status,
  };
}

/** `now` in epoch seconds. The document must be of the current schema (lib/cib/upgrade.ts). */
export function schedule(doc: CibDoc, now: Instant, options: ScheduleOptions = {}): Schedule {
  return scheduleStatus(readStatus(doc, now), options);
}
