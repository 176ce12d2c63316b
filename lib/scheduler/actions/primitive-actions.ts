/** All actions of one primitive, in the order that fixes their ids (spec/scheduler-1 section C.4). */
import { Role, type Role as RoleValue } from "../../status/roles.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { Task } from "./action.ts";
import { abortDangling, type Move, makeMigration, planMove } from "./migration.ts";
import { makeRecurring } from "./recurring.ts";
import { nextStep, stepBetween } from "./role-change.ts";
import { makeDemote, makePromote, makeStart, makeStop } from "./stop-start.ts";
import { requestAction } from "./table.ts";

function takeStep(
  book: Book,
  rsc: Rsc,
  from: RoleValue,
  to: RoleValue,
  node: Node | undefined,
  optional: boolean,
): void {
  switch (stepBetween(from, to)) {
    case "stop":
      makeStop(book, rsc, optional);
      return;
    case "start":
      makeStart(book, rsc, node, optional);
      return;
    case "promote":
      makePromote(book, rsc, node, optional);
      return;
    case "demote":
      makeDemote(book, rsc, optional);
      return;
    case "none":
      return;
  }
}

/** Down to stopped and up again, optional unless something demands it. */
function makeRestart(
  book: Book,
  rsc: Rsc,
  current: Node | undefined,
  needStop: boolean,
  needPromote: boolean,
): void {
  rsc.restarting = true;
  let role = rsc.role;
  while (role !== Role.stopped) {
    const next = nextStep(role, Role.stopped);
    takeStep(book, rsc, role, next, current, !needStop);
    role = next;
  }
  while (rsc.role <= rsc.nextRole && role !== rsc.role && !rsc.blocked) {
    const next = nextStep(role, rsc.role);
    const required = needStop || (next === Role.promoted && needPromote);
    takeStep(book, rsc, role, next, rsc.assigned, !required);
    role = next;
  }
  rsc.restarting = false;
}

/** From the role it has to the role it shall have. */
function makeTransition(book: Book, rsc: Rsc): void {
  let role = rsc.role;
  while (role !== rsc.nextRole) {
    const next = nextStep(role, rsc.nextRole);
    takeStep(book, rsc, role, next, rsc.assigned, false);
    if (next === role) return;
    role = next;
  }
}

interface Demands {
  needStop: boolean;
  needPromote: boolean;
}

function demandsOf(book: Book, rsc: Rsc, move: Move): Demands {
  const demands: Demands = { needStop: move.needStop, needPromote: false };
  if (rsc.startPending) {
    const start = requestAction(book, rsc, rsc.keyOf(Task.start), Task.start, rsc.assigned, true);
    start.alwaysInGraph = true;
  }
  if (move.moving) return demands;
  if (rsc.failed) {
    if (rsc.stopIfFailed) demands.needStop = true;
    else if (rsc.nextRole === Role.promoted) demands.needPromote = true;
  } else if (rsc.blocked) demands.needStop = true;
  else if (rsc.role > Role.started && move.current !== undefined && rsc.assigned !== undefined) {
    const start = requestAction(book, rsc, rsc.keyOf(Task.start), Task.start, rsc.assigned, true);
    if (!start.optional) demands.needStop = true;
  }
  return demands;
}

export function createPrimitiveActions(book: Book, rsc: Rsc): void {
  if (rsc.nextRole === Role.unknown) {
    rsc.nextRole = rsc.assigned === undefined ? Role.stopped : Role.started;
  }
  abortDangling(book, rsc);
  const move = planMove(rsc);
  const demands = demandsOf(book, rsc, move);
  makeRestart(book, rsc, move.current, demands.needStop, demands.needPromote);
  makeTransition(book, rsc);
  makeRecurring(book, rsc);
  if (move.migrate && move.current !== undefined) makeMigration(book, rsc, move.current);
}
