/** What it means to want a node fenced while the status is read (spec/scheduler-1 section B.2, "Requesting fencing"). */
import type { Reader } from "./reader.ts";
import type { NodeState } from "./state.ts";

/** Marks what fencing implies and records the wish; the scheduler makes the fencing operation of it. */
export function requestFencing(
  reader: Reader,
  node: NodeState,
  reason: string,
  priorityDelay = false,
): void {
  if (node.isGuest) {
    const launcher = node.connection?.launcher;
    if (launcher === undefined || launcher.failed || !launcher.managed) return;
    node.remoteReset = true;
    launcher.failed = true;
    launcher.stopIfFailed = true;
    return;
  }
  if (node.isRemote && node.connection?.removedLaunched === true) {
    node.connection.failed = true;
    node.connection.stopIfFailed = true;
    return;
  }
  if (node.isRemote) {
    if (node.connection === undefined || node.connection.managed) node.remoteReset = true;
    node.unclean = true;
    reader.intents.push({ kind: "fence", node, reason, priorityDelay: false });
    return;
  }
  if (node.unclean) return;
  node.unclean = true;
  reader.intents.push({ kind: "fence", node, reason, priorityDelay });
}
