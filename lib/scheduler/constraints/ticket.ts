/** Ticket constraints: unpacked and, where they forbid something, applied at once (spec/scheduler-1 section D.9, -2 section 18). */
import type { TicketConstraint } from "../../cib/model.ts";
import { parseRole, Role } from "../../status/roles.ts";
import { leavesOf } from "../../status/tree.ts";
import { attr } from "../../xml/node.ts";
import { fenceNode } from "../actions/fence.ts";
import { banEverywhere } from "../assign/tables.ts";
import type { Book, Rsc } from "../board.ts";
import { constraintResource, expandMembers, expandName } from "./lookup.ts";
import type { TicketUse } from "./model.ts";

function lossPolicy(book: Book, text: string | undefined, role: Role): TicketUse["lossPolicy"] {
  switch (text?.toLowerCase()) {
    case "fence":
      return book.options.fencingEnabled ? "fence" : "stop";
    case "freeze":
    case "demote":
    case "stop":
      return text.toLowerCase() as "freeze" | "demote" | "stop";
    default:
      return role === Role.promoted ? "demote" : "stop";
  }
}

function concerns(use: TicketUse, leaf: Rsc): boolean {
  return use.role === Role.unknown || use.role === leaf.role;
}

function applyLost(book: Book, leaf: Rsc, use: TicketUse): void {
  switch (use.lossPolicy) {
    case "stop":
      banEverywhere(book, leaf);
      return;
    case "demote":
      if (use.role !== Role.promoted) banEverywhere(book, leaf);
      return;
    case "fence":
      if (!concerns(use, leaf)) return;
      banEverywhere(book, leaf);
      for (const node of leaf.active) fenceNode(book, node, "deadman ticket was lost", false);
      return;
    case "freeze":
      if (!concerns(use, leaf)) return;
      leaf.managed = false;
      leaf.blocked = true;
  }
}

function apply(book: Book, rsc: Rsc, use: TicketUse): void {
  for (const leaf of leavesOf(rsc)) {
    if (!use.granted && leaf.active.length > 0) applyLost(book, leaf, use);
    else if (!use.granted || use.standby) {
      if (use.role !== Role.promoted || use.lossPolicy === "stop") banEverywhere(book, leaf);
    }
  }
}

export function unpackTicket(book: Book, constraint: TicketConstraint): void {
  const { xml } = constraint;
  if (constraint.ticket === undefined) return;
  const state = book.status.tickets.get(constraint.ticket);
  const use = (id: string, roleText: string | undefined): void => {
    const rsc = constraintResource(book, id);
    if (rsc === undefined) return;
    const parsed = roleText === undefined ? Role.unknown : parseRole(roleText);
    const role = parsed === undefined || parsed === Role.started ? Role.unknown : parsed;
    const made: TicketUse = {
      ticket: constraint.ticket!,
      role,
      lossPolicy: lossPolicy(book, attr(xml, "loss-policy"), role),
      granted: state?.granted ?? false,
      standby: state?.standby ?? false,
    };
    rsc.ticketUses.push(made);
    if (!made.granted || made.standby) apply(book, rsc, made);
  };
  if (constraint.sets.length > 0) {
    for (const set of constraint.sets) {
      const role = attr(set.xml, "role") ?? attr(xml, "rsc-role");
      for (const id of expandMembers(book, set)) use(id, role);
    }
    return;
  }
  if (constraint.resource === undefined) return;
  for (const id of expandName(book, constraint.resource)) use(id, attr(xml, "rsc-role"));
}
