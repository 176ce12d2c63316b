/** Which steps lead from one role to another (spec/scheduler-1 section C.3). */
import { Role, type Role as RoleValue } from "../../status/roles.ts";

const S = Role.stopped;
const A = Role.started;
const U = Role.unpromoted;
const P = Role.promoted;

/** [current][target] → next role on the way. */
const STEPS: readonly (readonly RoleValue[])[] = [
  [Role.unknown, S, S, S, S],
  [S, S, A, U, U],
  [S, S, A, U, P],
  [S, S, S, U, P],
  [S, U, U, U, P],
];

export function nextStep(current: RoleValue, target: RoleValue): RoleValue {
  return STEPS[current]![target]!;
}

export type Step = "stop" | "start" | "promote" | "demote" | "none";

/** What a step from one role to the next does. */
export function stepBetween(from: RoleValue, to: RoleValue): Step {
  if (from === to) return "none";
  if (from === Role.promoted) return "demote";
  if (to === Role.promoted) return from === Role.stopped ? "none" : "promote";
  if (to === Role.stopped) return "stop";
  if (from === Role.stopped) return "start";
  return "none";
}
