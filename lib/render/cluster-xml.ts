/** crm_mon's XML (spec/outputs-and-tools B2.6): elements and the order of their attributes as current Pacemaker's schema. */
import { exitCode } from "../base/result-code.ts";
import { activity, listedFailures } from "../view/activity.ts";
import type {
  BanView,
  ClusterView,
  FailureView,
  NodeHistoryView,
  NodeView,
  OperationView,
  PrimitiveView,
  ResourceHistoryView,
  ResourceView,
} from "../view/cluster.ts";
import type { Display } from "../view/display.ts";
import { element, type XmlElement } from "../xml/node.ts";
import type { Clock } from "./classic.ts";
import { executionStatus } from "./current.ts";

const optional = (text: string) => (text === "" ? undefined : text);

function optionsXml(view: ClusterView): XmlElement {
  const o = view.summary.options;
  return element("cluster_options", {
    "fencing-enabled": String(o.fencing),
    "fencing-timeout-ms": String(o.fencingTimeoutMs),
    "symmetric-cluster": String(o.symmetric),
    "no-quorum-policy": o.noQuorumPolicy,
    "maintenance-mode": String(o.maintenance),
    "stop-all-resources": String(o.stopAll),
    "priority-fencing-delay-ms": String(o.priorityFencingDelayMs),
    "stonith-enabled": String(o.fencing),
    "stonith-timeout-ms": String(o.fencingTimeoutMs),
  });
}

function summaryXml(view: ClusterView, show: Display, clock: Clock): XmlElement | undefined {
  const s = view.summary;
  const dc =
    s.dc === undefined
      ? element("current_dc", { present: "false" })
      : element("current_dc", {
          present: "true",
          version: s.dcVersion ?? "",
          name: s.dc.name,
          id: s.dc.id,
          with_quorum: String(s.quorate),
          mixed_version: String(s.mixedVersion),
        });
  const parts: readonly (readonly [boolean, readonly XmlElement[]])[] = [
    [
      show.stack,
      [
        element("stack", {
          type: s.stack ?? "unknown",
          "pacemakerd-state": optional(show.daemonState),
        }),
      ],
    ],
    [show.dc, [dc]],
    [
      show.times,
      [
        element("last_update", { time: clock(s.updated), origin: optional(show.host) }),
        element("last_change", {
          time: s.changed.at,
          user: s.changed.user,
          client: s.changed.client,
          origin: s.changed.origin,
        }),
      ],
    ],
    [
      show.counts,
      [
        element("nodes_configured", { number: String(s.nodes) }),
        element("resources_configured", {
          number: String(s.resources),
          disabled: String(s.disabled),
          blocked: String(s.blocked),
        }),
      ],
    ],
    [show.options, [optionsXml(view)]],
  ];
  const shown = parts.flatMap(([wanted, elements]) => (wanted ? elements : []));
  return shown.length === 0 ? undefined : element("summary", {}, shown);
}

function nodeXml(node: NodeView, show: Display): XmlElement {
  return element(
    "node",
    {
      name: node.name,
      id: node.id,
      online: String(node.online),
      standby: String(node.standby),
      standby_onfail: String(node.standbyOnFail),
      maintenance: String(node.maintenance),
      pending: String(node.pending),
      unclean: String(node.unclean),
      health: node.health,
      feature_set: node.featureSet,
      shutdown: String(node.shutdown),
      expected_up: String(node.expectedUp),
      is_dc: String(node.isDc),
      resources_running: String(node.runningCount),
      type: node.kind === "member" ? "member" : "remote",
      id_as_resource: node.container,
    },
    show.groupByNode ? node.running.map((p) => primitiveXml(p, { descriptions: true })) : [],
  );
}

/** What not every reader wants to know of a resource. */
export interface XmlDetail {
  readonly descriptions?: boolean;
}

/** One primitive; also what other tools print of it. */
export function primitiveXml(p: PrimitiveView, show: XmlDetail = {}): XmlElement {
  const provider = p.provider === undefined ? "" : `:${p.provider}`;
  return element(
    "resource",
    {
      id: p.name,
      resource_agent: `${p.standard}${provider}:${p.agent}`,
      role: p.role === "Started" && p.promotable ? "Unpromoted" : p.role,
      target_role: p.targetRoleText,
      active: String(p.active),
      orphaned: String(p.removed),
      removed: String(p.removed),
      blocked: String(p.blocked),
      maintenance: String(p.maintenance),
      managed: String(p.managed),
      failed: String(p.failed),
      failure_ignored: String(p.failureIgnored),
      nodes_running_on: String(p.nodes.length),
      pending: p.pendingAction,
      locked_to: p.lockedTo?.name,
      description: show.descriptions === true ? p.description : undefined,
    },
    p.nodes.map((n) => element("node", { name: n.name, id: n.id, cached: String(n.online) })),
  );
}

/** Any resource with all below it. */
export function resourceXml(r: ResourceView, show: XmlDetail = {}): XmlElement {
  const primitive = (p: PrimitiveView) => primitiveXml(p, show);
  switch (r.kind) {
    case "primitive":
      return primitive(r);
    case "group":
      return element(
        "group",
        {
          id: r.id,
          number_resources: String(r.members.length),
          maintenance: String(r.maintenance),
          managed: String(r.managed),
          disabled: String(r.disabled),
          description: show.descriptions === true ? r.description : undefined,
        },
        r.members.map(primitive),
      );
    case "clone":
      return element(
        "clone",
        {
          id: r.id,
          multi_state: String(r.promotable),
          unique: String(r.unique),
          maintenance: String(r.maintenance),
          managed: String(r.managed),
          disabled: String(r.disabled),
          failed: String(r.failed),
          failure_ignored: String(r.failureIgnored),
          target_role: r.targetRoleText,
          description: show.descriptions === true ? r.description : undefined,
        },
        r.instances.map((i) => resourceXml(i, show)),
      );
    case "bundle":
      return element(
        "bundle",
        {
          id: r.id,
          type: r.technology,
          image: r.image,
          unique: String(r.unique),
          maintenance: String(r.maintenance),
          managed: String(r.managed),
          failed: String(r.failed),
        },
        r.replicas.map((replica) =>
          element("replica", { id: String(replica.number) }, replica.parts.map(primitive)),
        ),
      );
  }
}

function operationXml(op: OperationView, clock: Clock): XmlElement {
  const task = op.task === "monitor" && op.intervalMs === 0 ? "probe" : op.task;
  const ms = (value: number | undefined) => (value === undefined ? undefined : `${value}ms`);
  return element("operation_history", {
    call: String(op.callId),
    task,
    rc: String(op.rc),
    rc_text: exitCode(op.rc).text,
    interval: op.intervalMs === 0 ? undefined : `${op.intervalMs}ms`,
    "last-rc-change": op.lastRcChange === undefined ? undefined : clock(op.lastRcChange),
    "exec-time": ms(op.execMs),
    "queue-time": ms(op.queueMs),
  });
}

/** There is something to tell about it. */
function isTold(r: ResourceHistoryView): boolean {
  return r.operations.length > 0 || r.failCount > 0;
}

function historyXml(rows: readonly NodeHistoryView[], clock: Clock): XmlElement {
  return element(
    "node_history",
    {},
    rows
      .filter((row) => row.resources.some(isTold))
      .map(({ node, resources }) =>
        element(
          "node",
          { name: node },
          resources.filter(isTold).map((r) =>
            element(
              "resource_history",
              {
                id: r.resource,
                orphan: String(!r.known),
                removed: String(!r.known),
                "migration-threshold": r.known ? String(r.migrationThreshold) : undefined,
                "fail-count": r.failCount > 0 ? String(r.failCount) : undefined,
                "last-failure": r.lastFailure > 0 ? clock(r.lastFailure) : undefined,
              },
              r.operations.map((op) => operationXml(op, clock)),
            ),
          ),
        ),
      ),
  );
}

function failureXml(f: FailureView, clock: Clock): XmlElement {
  return element("failure", {
    op_key: f.key,
    node: f.node,
    exitstatus: exitCode(f.rc).text,
    exitreason: f.exitReason,
    exitcode: String(f.rc),
    call: String(f.callId),
    status: executionStatus(f.status),
    "last-rc-change": f.lastRcChange === undefined ? undefined : clock(f.lastRcChange),
    queued: f.queueMs === undefined ? undefined : String(f.queueMs),
    exec: f.execMs === undefined ? undefined : String(f.execMs),
    interval: String(f.intervalMs),
    task: f.task,
  });
}

function attributesXml(view: ClusterView): XmlElement {
  return element(
    "node_attributes",
    {},
    view.attributes.map((row) =>
      element(
        "node",
        { name: row.node },
        row.attributes.map((a) =>
          element("attribute", {
            name: a.name,
            value: a.value,
            expected: a.expected === undefined ? undefined : String(a.expected),
          }),
        ),
      ),
    ),
  );
}

function ticketsXml(view: ClusterView, clock: Clock): XmlElement {
  return element(
    "tickets",
    {},
    view.tickets.map((t) =>
      element("ticket", {
        id: t.id,
        status: t.granted ? "granted" : "revoked",
        standby: String(t.standby),
        "last-granted": t.lastGranted === undefined ? undefined : clock(t.lastGranted),
      }),
    ),
  );
}

function bansXml(bans: readonly BanView[]): XmlElement {
  return element(
    "bans",
    {},
    bans.map((b) =>
      element("ban", {
        id: b.id,
        resource: b.resource,
        node: b.node,
        weight: String(b.score),
        "promoted-only": String(b.promotedOnly),
        master_only: String(b.promotedOnly),
      }),
    ),
  );
}

/** The children of `<pacemaker-result>` for one display; XML shows every section unless it was excluded. */
export function clusterXml(view: ClusterView, show: Display, clock: Clock): XmlElement[] {
  const parts: XmlElement[] = [];
  const summary = show.summary ? summaryXml(view, show, clock) : undefined;
  if (summary !== undefined) parts.push(summary);
  if (show.nodes) {
    parts.push(
      element(
        "nodes",
        {},
        view.nodes.map((n) => nodeXml(n, show)),
      ),
    );
  }
  if (show.resources && !(show.groupByNode && !show.inactive)) {
    const listed = view.resources
      .filter((r) => r.kind !== "primitive" || !r.hidden)
      .filter((r) => !show.groupByNode || !activity(r).all);
    const inner = listed.map((r) => resourceXml(r, show));
    parts.push(element("resources", {}, inner));
  }
  if (show.attributes && view.attributes.length > 0) parts.push(attributesXml(view));
  if ((show.operations || show.failCounts) && view.history.length > 0) {
    parts.push(historyXml(view.history, clock));
  }
  const failures = listedFailures(view);
  if (show.failures && failures.length > 0) {
    parts.push(
      element(
        "failures",
        {},
        failures.map((f) => failureXml(f, clock)),
      ),
    );
  }
  if (show.tickets && view.tickets.length > 0) parts.push(ticketsXml(view, clock));
  const prefix = show.bans;
  const bans = view.bans.filter((b) => prefix !== undefined && b.id.startsWith(prefix));
  if (bans.length > 0) parts.push(bansXml(bans));
  return parts;
}
