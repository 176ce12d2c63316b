/**
 * The one place that decides which kind of corosync.conf this is (HOUSE, decisions): *legacy* is that of corosync 1.4,
 * with neither nodelist nor quorum section; *nodelist* is corosync 3's. What follows from it: default transport, token,
 * node ids, source of quorum and the wording of log lines.
 */
import { type ConfNode, sectionsOf } from "./tree.ts";

export type ConfForm = "legacy" | "nodelist";

export function formOf(children: readonly ConfNode[]): ConfForm {
  const modern = ["nodelist", "quorum"].some((name) => sectionsOf(children, name).length > 0);
  return modern ? "nodelist" : "legacy";
}
