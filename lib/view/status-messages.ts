/**
 * What reading a status has to say, in the words of the cluster's form (spec/outputs-and-tools B1.3, C1, C2): the rule is
 * one, Pacemaker 1.1.10 only said it in three lines.
 */
import type { ClusterStatus, StatusMessage } from "../status/state.ts";
import type { TextForm } from "./cluster.ts";

const CLASSIC_FENCING = [
  "Resource start-up disabled since no STONITH resources have been defined",
  "Either configure some or disable STONITH with the stonith-enabled option",
  "NOTE: Clusters with shared data need STONITH to ensure data integrity",
] as const;

/** The messages of a status, in order. */
export function statusMessages(status: ClusterStatus, form: TextForm): readonly StatusMessage[] {
  if (form === "current") return status.messages;
  return status.messages.flatMap((message) =>
    message.source === "unpack_resources"
      ? CLASSIC_FENCING.map((text) => ({ ...message, text }))
      : [message],
  );
}
