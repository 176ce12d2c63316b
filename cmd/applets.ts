/** The table of tools: build.ts makes a link for each traditional name, `quorate help` lists them, main.ts loads one. */
import type { Tool } from "../lib/cli/tool.ts";

export interface Applet {
  readonly summary: string;
  /** "traditional" tools are linked by name; "quorate" ones are subcommands only. */
  readonly group: "corosync" | "pacemaker" | "crm" | "quorate";
  readonly load: () => Promise<{ readonly default: Tool }>;
}

export const applets: Readonly<Record<string, Applet>> = {
  corosync: {
    summary: "the ring's daemon",
    group: "corosync",
    load: () => import("./corosync/corosync.ts"),
  },
  "corosync-cfgtool": {
    summary: "show and control what runs in corosync",
    group: "corosync",
    load: () => import("./corosync/corosync-cfgtool.ts"),
  },
  "corosync-cmapctl": {
    summary: "read and change corosync's configuration map",
    group: "corosync",
    load: () => import("./corosync/corosync-cmapctl.ts"),
  },
  "corosync-cpgtool": {
    summary: "show the process groups of the ring",
    group: "corosync",
    load: () => import("./corosync/corosync-cpgtool.ts"),
  },
  "corosync-keygen": {
    summary: "make the key with which the ring is protected",
    group: "corosync",
    load: () => import("./corosync/corosync-keygen.ts"),
  },
  "corosync-quorumtool": {
    summary: "show and change quorum and votes",
    group: "corosync",
    load: () => import("./corosync/corosync-quorumtool.ts"),
  },
  agent: {
    summary: "run a built-in resource agent",
    group: "quorate",
    load: () => import("./quorate/agent.ts"),
  },
  lab: {
    summary: "a cluster of hosts on this machine",
    group: "quorate",
    load: () => import("./quorate/lab.ts"),
  },
  install: {
    summary: "put links, start scripts and folders in place",
    group: "quorate",
    load: () => import("./quorate/install.ts"),
  },
  uninstall: {
    summary: "remove what install put in place",
    group: "quorate",
    load: () => import("./quorate/uninstall.ts"),
  },
  pacemakerd: {
    summary: "the manager's daemon",
    group: "pacemaker",
    load: () => import("./pacemaker/pacemakerd.ts"),
  },
  crm_mon: {
    summary: "show what the cluster is doing",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_mon.ts"),
  },
  cibadmin: {
    summary: "query and edit the cluster's configuration",
    group: "pacemaker",
    load: () => import("./pacemaker/cibadmin.ts"),
  },
  crm: {
    summary: "the cluster shell",
    group: "crm",
    load: () => import("./crm/crm.ts"),
  },
  crm_verify: {
    summary: "check a configuration for errors",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_verify.ts"),
  },
  stonith_admin: {
    summary: "what can fence, what was fenced, fencing by hand",
    group: "pacemaker",
    load: () => import("./pacemaker/stonith_admin.ts"),
  },
  crm_attribute: {
    summary: "query, set and delete node attributes and cluster options",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_attribute.ts"),
  },
  crm_resource: {
    summary: "ask about resources, and give orders about them",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_resource.ts"),
  },
  crm_standby: {
    summary: "take a node out of service, or bring it back",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_standby.ts"),
  },
  crm_failcount: {
    summary: "how often a resource failed on a node",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_failcount.ts"),
  },
  crm_master: {
    summary: "the promotion score of a resource on a node",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_master.ts"),
  },
  crm_error: {
    summary: "what a result code means",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_error.ts"),
  },
  iso8601: {
    summary: "read and print dates, durations and periods",
    group: "pacemaker",
    load: () => import("./pacemaker/iso8601.ts"),
  },
  crm_node: {
    summary: "show what the cluster knows of its nodes",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_node.ts"),
  },
  crmadmin: {
    summary: "ask the controller, the launcher and the list of nodes",
    group: "pacemaker",
    load: () => import("./pacemaker/crmadmin.ts"),
  },
  attrd_updater: {
    summary: "set and read node attributes",
    group: "pacemaker",
    load: () => import("./pacemaker/attrd_updater.ts"),
  },
  crm_diff: {
    summary: "the difference of two configurations, and applying one",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_diff.ts"),
  },
  crm_shadow: {
    summary: "copies of the configuration to work on in peace",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_shadow.ts"),
  },
  crm_simulate: {
    summary: "show what the cluster would do",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_simulate.ts"),
  },
  crm_rule: {
    summary: "is a rule of the configuration in effect",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_rule.ts"),
  },
  crm_ticket: {
    summary: "grant, revoke and look at tickets of multi-site clusters",
    group: "pacemaker",
    load: () => import("./pacemaker/crm_ticket.ts"),
  },
  explain: {
    summary: "why a resource is where it is, and what would change that",
    group: "quorate",
    load: () => import("./quorate/explain.ts"),
  },
};
