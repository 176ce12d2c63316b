/**
 * The controller's states, a table keyed by state, then input; absent means stay (HOUSE section 3). What a state means for the
 * outside: its name is what crmadmin shows.
 */

export type ControllerState =
  /** A round is open: nobody knows yet whose state counts. */
  | "S_PENDING"
  /** Another member decides. */
  | "S_NOT_DC"
  /** Nothing to do. */
  | "S_IDLE"
  /** A plan is due, or being made. */
  | "S_POLICY_ENGINE"
  /** A plan is carried out. */
  | "S_TRANSITION_ENGINE";

export type ControllerInput =
  | "round begins"
  | "round ends, another decides"
  | "round ends, we decide"
  | "something changed"
  | "plan is empty"
  | "plan is made"
  | "plan is done"
  | "plan is done, make another";

export type StateTable = Readonly<
  Record<ControllerState, Readonly<Partial<Record<ControllerInput, ControllerState>>>>
>;

export const STATES: StateTable = {
  S_PENDING: {
    "round ends, another decides": "S_NOT_DC",
    "round ends, we decide": "S_POLICY_ENGINE",
  },
  S_NOT_DC: {
    "round begins": "S_PENDING",
  },
  S_IDLE: {
    "round begins": "S_PENDING",
    "something changed": "S_POLICY_ENGINE",
  },
  S_POLICY_ENGINE: {
    "round begins": "S_PENDING",
    "plan is empty": "S_IDLE",
    "plan is made": "S_TRANSITION_ENGINE",
  },
  S_TRANSITION_ENGINE: {
    "round begins": "S_PENDING",
    "plan is done": "S_IDLE",
    "plan is done, make another": "S_POLICY_ENGINE",
  },
};

/** The state after an input. */
export function nextState(state: ControllerState, input: ControllerInput): ControllerState {
  return STATES[state][input] ?? state;
}
