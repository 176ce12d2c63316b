/** Assigning one primitive: colocations, score note, best node (spec/scheduler-2 section 7). */
import { INFINITY } from "../../base/score.ts";
import { Role, roleText } from "../../status/roles.ts";
import { currentNode } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { because, type Cause } from "../causes.ts";
import type { Colocation } from "../constraints/model.ts";
import { applyColocation } from "./apply.ts";
import { thisWithOf, withThisOf } from "./colocations.ts";
import { commit } from "./commit.ts";
import { firstNode } from "./compare-nodes.ts";
import { mergeDependent } from "./merge.ts";
import { noteScores } from "./notes.ts";
import { banEverywhere, hasUsableNode, isUsable } from "./tables.ts";
import { checkCapacity } from "./utilization.ts";

/** One dependency of the resource takes effect on its table (spec/scheduler-2 section 7.1). */
function follow(book: Book, rsc: Rsc, c: Colocation): void {
  const revertible = c.dependentRole === Role.promoted || (c.score < 0 && c.score > -INFINITY);
  const archive = revertible ? rsc.allowed.copy() : undefined;
  if (c.primary.unassigned) book.kind(c.primary).assign(book, c.primary, undefined, true);
  applyColocation(book, rsc, c.primary, c);
  if (archive !== undefined && !hasUsableNode(book, rsc.allowed)) rsc.allowed = archive;
}

function colocationCause(c: Colocation, other: Rsc, as: "dependent" | "primary"): Cause {
  return { kind: "colocation", constraint: c.id, other: other.id, score: c.score, as };
}

function applyColocations(book: Book, rsc: Rsc): void {
  const thisWith = [...thisWithOf(book, rsc)];
  const withThis = [...withThisOf(book, rsc)];
  const isMandatory = (c: Colocation): boolean => Math.abs(c.score) >= INFINITY;
  for (const mandatory of [true, false]) {
    for (const c of thisWith) {
      if (isMandatory(c) !== mandatory) continue;
      because(
        book,
        rsc,
        () => colocationCause(c, c.primary, "dependent"),
        () => follow(book, rsc, c),
      );
    }
    for (const c of withThis) {
      if (isMandatory(c) !== mandatory) continue;
      because(
        book,
        rsc,
        () => colocationCause(c, c.dependent, "primary"),
        () => mergeDependent(book, rsc, c),
      );
    }
  }
}

/** Where the resource may not run because of the role it shall have. */
function applyNextRole(book: Book, rsc: Rsc): void {
  if (rsc.nextRole === Role.stopped) {
    because(
      book,
      rsc,
      () => ({ kind: "next-role", role: roleText(rsc.nextRole) }),
      () => banEverywhere(book, rsc),
    );
  } else if (rsc.nextRole > rsc.role && !book.quorate && book.noQuorumPolicy === "freeze") {
    rsc.nextRole = rsc.role;
  }
}

/** The node that wins; undefined when the table is empty. */
function bestNode(book: Book, rsc: Rsc, prefer: Node | undefined): Node | undefined {
  const table = rsc.allowed;
  const best = firstNode(book, table, currentNode<Node>(rsc));
  const bestScore = best === undefined ? -INFINITY : table.score(best.index);
  if (prefer !== undefined && table.has(prefer.index)) {
    const score = table.score(prefer.index);
    if (score >= bestScore && isUsable(prefer) && score >= 0) return prefer;
  }
  if (best === undefined || bestScore <= 0 || !isUsable(best)) return best;
  if (rsc.parent?.variant === "clone" && rsc.parent.unique) return best;
  const current = currentNode<Node>(rsc);
  if (current === undefined || !isUsable(current) || current.baseScore < 0) return best;
  if (table.has(current.index) && table.score(current.index) === bestScore) return current;
  return best;
}

function choose(book: Book, rsc: Rsc, prefer: Node | undefined, final: boolean): void {
  if (!rsc.managed) {
    rsc.nextRole = rsc.role;
    commit(book, rsc, currentNode<Node>(rsc), true, true);
    return;
  }
  if (book.options.stopAllResources) {
    commit(book, rsc, undefined, true, true);
    return;
  }
  const capable = because(
    book,
    rsc,
    () => ({ kind: "utilization" }),
    () => checkCapacity(book, rsc),
  );
  if (!rsc.unassigned) return;
  commit(book, rsc, bestNode(book, rsc, prefer ?? capable), false, final);
}

/** A connection that gets a node brings its remote node up; one that does not takes it down. */
function settleConnection(book: Book, rsc: Rsc): void {
  if (!rsc.remoteConnection) return;
  const node = book.nodes.find((n) => n.connection === rsc);
  if (node === undefined) return;
  if (rsc.assigned !== undefined && rsc.nextRole !== Role.stopped) {
    node.online = true;
    if (!node.seen) node.unclean = false;
  } else node.shutdown = true;
}

/** See the head of this file. Also assigns the parent first, and primaries on the way. */
export function assignPrimitive(
  book: Book,
  rsc: Rsc,
  prefer: Node | undefined,
  final: boolean,
): Node | undefined {
  const { parent } = rsc;
  if (parent !== undefined && !parent.assigning) {
    book.kind(parent).assign(book, parent, prefer, final);
  }
  if (!rsc.unassigned) return rsc.assigned;
  if (rsc.assigning) return undefined;
  rsc.assigning = true;
  applyColocations(book, rsc);
  applyNextRole(book, rsc);
  noteScores(book, "primitive", rsc);
  if (book.options.fencingEnabled && !book.fencingPossible) rsc.managed = false;
  choose(book, rsc, prefer, final);
  rsc.assigning = false;
  settleConnection(book, rsc);
  return rsc.assigned;
}
