/** Parameters that every fencing resource may have, whatever its agent: help in our words (spec/runtime.md section 6). */
import type { OptionType } from "./options.ts";

/** One parameter of a fencing resource that the fencer itself reads. */
export interface FencingParameter {
  readonly name: string;
  readonly type: OptionType;
  readonly values?: readonly string[];
  readonly default: string | undefined;
  readonly help: string;
  /** Wrong values are dangerous. */
  readonly note?: "advanced";
}

const ACTIONS = ["reboot", "off", "on", "list", "monitor", "status"] as const;

/** Which command stands for an action, how long it may take, how often it is tried. */
function ofAction(action: (typeof ACTIONS)[number]): readonly FencingParameter[] {
  const note = "advanced" as const;
  return [
    {
      name: `pcmk_${action}_action`,
      type: "string",
      default: action,
      help: `Command that the agent gets for '${action}'`,
      note,
    },
    {
      name: `pcmk_${action}_timeout`,
      type: "timeout",
      default: "60s",
      help: `How long '${action}' may take; else fencing-timeout`,
      note,
    },
    {
      name: `pcmk_${action}_retries`,
      type: "integer",
      default: "2",
      help: `How often '${action}' is tried while there is time`,
      note,
    },
  ];
}

/** All of them, in the order in which they are listed. */
export const fencingParameters: readonly FencingParameter[] = [
  {
    name: "pcmk_host_argument",
    type: "string",
    default: undefined,
    help: "Parameter of the agent that names the target; 'none' for no such parameter",
    note: "advanced",
  },
  {
    name: "pcmk_host_map",
    type: "string",
    default: undefined,
    help: "What the device calls the nodes: node1:1;node2:2,3",
  },
  {
    name: "pcmk_host_list",
    type: "string",
    default: undefined,
    help: "Nodes that the device can fence",
  },
  {
    name: "pcmk_host_check",
    type: "select",
    values: ["dynamic-list", "static-list", "status", "none"],
    default: undefined,
    help: "How it is found out whether the device can fence a node",
  },
  {
    name: "pcmk_delay_max",
    type: "duration",
    default: "0s",
    help: "Wait a random time up to this before fencing",
  },
  {
    name: "pcmk_delay_base",
    type: "string",
    default: "0s",
    help: "Wait at least this long before fencing, perhaps by node: node1:10s;node2:5s",
  },
  {
    name: "pcmk_action_limit",
    type: "integer",
    default: "1",
    help: "How many actions the device can do at once; -1 any number",
  },
  ...ACTIONS.flatMap(ofAction),
];
