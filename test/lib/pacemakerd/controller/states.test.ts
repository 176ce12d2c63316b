/** The controller's states, whole: a change of the table is to be seen (HOUSE section 3). */
import { expect, test } from "bun:test";
import {
  type ControllerInput,
  type ControllerState,
  nextState,
  STATES,
} from "../../../../lib/pacemakerd/controller/states.ts";

const GOLDEN = `
S_PENDING
  round ends, another decides -> S_NOT_DC
  round ends, we decide -> S_POLICY_ENGINE
S_NOT_DC
  round begins -> S_PENDING
S_IDLE
  round begins -> S_PENDING
  something changed -> S_POLICY_ENGINE
S_POLICY_ENGINE
  round begins -> S_PENDING
  plan is empty -> S_IDLE
  plan is made -> S_TRANSITION_ENGINE
S_TRANSITION_ENGINE
  round begins -> S_PENDING
  plan is done -> S_IDLE
  plan is done, make another -> S_POLICY_ENGINE
`;

test("the table", () => {
  const lines = Object.entries(STATES).flatMap(([state, row]) => [
    state,
    ...Object.entries(row).map(([input, next]) => `  ${input} -> ${next}`),
  ]);
  expect(`\n${lines.join("\n")}\n`).toBe(GOLDEN);
});

test("a new round ends every state but its own; what a state does not know leaves it", () => {
  for (const state of Object.keys(STATES) as ControllerState[]) {
    expect(nextState(state, "round begins")).toBe("S_PENDING");
    expect(nextState(state, "unheard of" as ControllerInput)).toBe(state);
  }
});
