/** Meta-attributes of resources and operations: name, type, default, help in our words (spec/scheduler-1 A.7, A.10). */
import { ON_FAIL } from "./on-fail.ts";
import type { OptionType } from "./options.ts";

/** One meta-attribute. */
export interface MetaAttribute {
  readonly name: string;
  readonly type: OptionType;
  readonly values?: readonly string[];
  readonly default: string | undefined;
  readonly help: string;
  /** Kinds of resources that have it; absent: all. */
  readonly only?: "clone" | "promotable" | "group" | "bundle";
}

const BOOLEAN = "boolean";

/** Of resources. */
export const resourceMeta: readonly MetaAttribute[] = [
  { name: "priority", type: "score", default: "0", help: "Who keeps running when not all can" },
  {
    name: "critical",
    type: BOOLEAN,
    default: "true",
    help: "Move what is colocated when it fails",
  },
  {
    name: "target-role",
    type: "select",
    values: ["Started", "Stopped", "Promoted", "Unpromoted", "Master", "Slave"],
    default: "Started",
    help: "What the cluster shall make of it",
  },
  { name: "is-managed", type: BOOLEAN, default: "true", help: "May the cluster start and stop it" },
  { name: "maintenance", type: BOOLEAN, default: "false", help: "Leave it alone, monitors too" },
  {
    name: "resource-stickiness",
    type: "score",
    default: "0",
    help: "How much it prefers to stay where it is",
  },
  {
    name: "requires",
    type: "select",
    values: ["nothing", "quorum", "fencing", "unfencing"],
    default: undefined,
    help: "What must be so before it starts",
  },
  {
    name: "migration-threshold",
    type: "score",
    default: "INFINITY",
    help: "After this many failures it leaves the node",
  },
  {
    name: "failure-timeout",
    type: "duration",
    default: "0",
    help: "After this long a failure is forgotten; 0 never",
  },
  {
    name: "multiple-active",
    type: "select",
    values: ["block", "stop_only", "stop_start", "stop_unexpected"],
    default: "stop_start",
    help: "What to do when it runs more than once",
  },
  { name: "allow-migrate", type: BOOLEAN, default: "false", help: "It can move without stopping" },
  {
    name: "allow-unhealthy-nodes",
    type: BOOLEAN,
    default: "false",
    help: "It may run on nodes whose health is bad",
  },
  {
    name: "container-attribute-target",
    type: "select",
    values: ["host", "guest"],
    default: undefined,
    help: "Whose node attributes count inside a bundle",
  },
  { name: "remote-node", type: "string", default: undefined, help: "Guest node it provides" },
  { name: "remote-addr", type: "string", default: undefined, help: "Address of the guest node" },
  { name: "remote-port", type: "integer", default: "3121", help: "Port of the guest node" },
  {
    name: "remote-connect-timeout",
    type: "timeout",
    default: "60s",
    help: "How long connecting to the guest node may take",
  },
  {
    name: "remote-allow-migrate",
    type: BOOLEAN,
    default: "true",
    help: "The connection to the guest node can move",
  },
  {
    name: "notify",
    type: BOOLEAN,
    default: "false",
    help: "Tell instances about each other",
    only: "clone",
  },
  {
    name: "clone-max",
    type: "integer",
    default: undefined,
    help: "Instances in all (default: one a node)",
    only: "clone",
  },
  {
    name: "clone-min",
    type: "integer",
    default: "0",
    help: "Instances others wait for",
    only: "clone",
  },
  {
    name: "clone-node-max",
    type: "integer",
    default: "1",
    help: "Instances on one node",
    only: "clone",
  },
  {
    name: "globally-unique",
    type: BOOLEAN,
    default: "false",
    help: "Instances differ",
    only: "clone",
  },
  {
    name: "ordered",
    type: BOOLEAN,
    default: "false",
    help: "Start instances one after another",
    only: "clone",
  },
  {
    name: "interleave",
    type: BOOLEAN,
    default: "false",
    help: "Wait only for the instance on the same node",
    only: "clone",
  },
  {
    name: "promotable",
    type: BOOLEAN,
    default: "false",
    help: "Instances can be promoted",
    only: "clone",
  },
  {
    name: "promoted-max",
    type: "integer",
    default: "1",
    help: "Promoted instances in all",
    only: "promotable",
  },
  {
    name: "promoted-node-max",
    type: "integer",
    default: "1",
    help: "Promoted instances on one node",
    only: "promotable",
  },
];

/** Of operations, beside name, interval and timeout. */
export const operationMeta: readonly MetaAttribute[] = [
  { name: "timeout", type: "timeout", default: "20s", help: "How long it may take" },
  { name: "interval", type: "duration", default: "0", help: "How often; 0 only when needed" },
  { name: "enabled", type: BOOLEAN, default: "true", help: "Shall it be done at all" },
  {
    name: "on-fail",
    type: "select",
    values: ON_FAIL,
    default: "restart",
    help: "What follows its failure",
  },
  {
    name: "role",
    type: "select",
    values: ["Started", "Stopped", "Promoted", "Unpromoted", "Master", "Slave"],
    default: "Started",
    help: "Role in which it is done",
  },
  { name: "start-delay", type: "duration", default: "0", help: "Wait this long before the first" },
  {
    name: "interval-origin",
    type: "string",
    default: undefined,
    help: "Time that intervals count from",
  },
  { name: "record-pending", type: BOOLEAN, default: "true", help: "Show it while it runs" },
];
