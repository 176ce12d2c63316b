/**
 * What crm_mon and `crm status` show, as data (spec/outputs-and-tools A4, B1, B2): one shape for all renderers. Times are
 * epoch seconds; renderers get a function that words them. Nothing here makes sentences.
 */
import type { Score } from "../base/score.ts";

/** Which text: Pacemaker 1.1.10's or today's (lib/view/form.ts decides). */
export type TextForm = "classic" | "current";

export interface SummaryView {
  /** Property cluster-infrastructure; undefined when not set. */
  readonly stack: string | undefined;
  readonly dc: { readonly name: string; readonly id: string } | undefined;
  readonly quorate: boolean;
  readonly mixedVersion: boolean;
  readonly dcVersion: string | undefined;
  readonly updated: number;
  readonly changed: {
    /** As written in the CIB: a date as text. */
    readonly at: string;
    readonly user: string;
    readonly client: string;
    readonly origin: string;
  };
  readonly nodes: number;
  /** Property expected-quorum-votes. */
  readonly expectedVotes: string | undefined;
  readonly resources: number;
  readonly disabled: number;
  readonly blocked: number;
  readonly options: {
    readonly fencing: boolean;
    readonly fencingTimeoutMs: number;
    readonly symmetric: boolean;
    readonly noQuorumPolicy: string;
    readonly maintenance: boolean;
    readonly stopAll: boolean;
    readonly priorityFencingDelayMs: number;
  };
}

export interface NodeView {
  readonly name: string;
  readonly id: string;
  readonly kind: "member" | "remote" | "guest";
  readonly online: boolean;
  readonly standby: boolean;
  readonly standbyOnFail: boolean;
  readonly maintenance: boolean;
  readonly pending: boolean;
  readonly unclean: boolean;
  readonly shutdown: boolean;
  readonly expectedUp: boolean;
  readonly isDc: boolean;
  readonly health: "green" | "yellow" | "red";
  readonly featureSet: string | undefined;
  /** Of a guest: the node that hosts it, and the resource that is it. */
  readonly host: string | undefined;
  readonly container: string | undefined;
  readonly running: readonly PrimitiveView[];
  /** How many run there, listed or not. */
  readonly runningCount: number;
}

/** Where a primitive is. */
export interface PlaceView {
  readonly name: string;
  readonly id: string;
  readonly online: boolean;
  readonly unclean: boolean;
}

export interface PrimitiveView {
  readonly kind: "primitive";
  /** With instance number. */
  readonly id: string;
  /** Without instance number where instances are alike. */
  readonly name: string;
  readonly standard: string;
  readonly provider: string | undefined;
  readonly agent: string;
  /** Unknown, Stopped, Started, Unpromoted or Promoted. */
  readonly role: string;
  readonly targetRole: string | undefined;
  /** The same as configured, for XML. */
  readonly targetRoleText: string | undefined;
  /** Its clone is promotable. */
  readonly promotable: boolean;
  readonly active: boolean;
  readonly nodes: readonly PlaceView[];
  /** The node to name, chosen among several. */
  readonly current: PlaceView | undefined;
  readonly managed: boolean;
  readonly maintenance: boolean;
  readonly blocked: boolean;
  readonly failed: boolean;
  readonly failureIgnored: boolean;
  readonly removed: boolean;
  readonly pendingAction: string | undefined;
  readonly pendingNode: string | undefined;
  /** Where it waits for a node that was shut down. */
  readonly lockedTo: PlaceView | undefined;
  /** Exit codes of probes that failed, by node name. */
  readonly failedProbes: ReadonlyMap<string, number>;
  /** Made by the manager itself (a guest's connection): not listed on its own. */
  readonly hidden: boolean;
  readonly description: string | undefined;
}

export interface GroupView {
  readonly kind: "group";
  readonly id: string;
  readonly name: string;
  readonly members: readonly PrimitiveView[];
  /** How many of all its members run nowhere, shown or not. */
  readonly inactive: number;
  readonly managed: boolean;
  readonly maintenance: boolean;
  readonly disabled: boolean;
  readonly removed: boolean;
  readonly description: string | undefined;
}

export interface CloneView {
  readonly kind: "clone";
  readonly id: string;
  /** Id of the cloned resource. */
  readonly child: string;
  readonly promotable: boolean;
  readonly unique: boolean;
  readonly managed: boolean;
  readonly maintenance: boolean;
  readonly disabled: boolean;
  readonly failed: boolean;
  readonly failureIgnored: boolean;
  readonly removed: boolean;
  readonly targetRole: string | undefined;
  readonly targetRoleText: string | undefined;
  readonly description: string | undefined;
  readonly max: number;
  readonly instances: readonly (PrimitiveView | GroupView)[];
  /** Names of the nodes it may run on, in name order. */
  readonly allowed: readonly string[];
}

export interface ReplicaView {
  readonly number: number;
  readonly shown: string;
  readonly address: string | undefined;
  readonly parts: readonly PrimitiveView[];
  /** The contained resource, or the container. */
  readonly face: PrimitiveView;
  /** The host that runs its container. */
  readonly place: PlaceView | undefined;
}

export interface BundleView {
  readonly kind: "bundle";
  readonly id: string;
  readonly image: string;
  readonly technology: string;
  readonly unique: boolean;
  readonly managed: boolean;
  readonly maintenance: boolean;
  readonly failed: boolean;
  readonly removed: boolean;
  readonly replicas: readonly ReplicaView[];
  /** How many replicas it has, listed or not. */
  readonly size: number;
  /** Only some parts of its replicas were asked for: they are listed as such. */
  readonly partial: boolean;
}

export type ResourceView = PrimitiveView | GroupView | CloneView | BundleView;

export interface OperationView {
  readonly key: string;
  readonly id: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly callId: number;
  readonly rc: number;
  readonly status: number;
  readonly exitReason: string;
  readonly lastRcChange: number | undefined;
  readonly lastRun: number | undefined;
  readonly execMs: number | undefined;
  readonly queueMs: number | undefined;
}

export interface FailureView extends OperationView {
  readonly resource: string;
  readonly node: string;
}

export interface ResourceHistoryView {
  readonly resource: string;
  /** Still configured. */
  readonly known: boolean;
  readonly migrationThreshold: Score;
  readonly failCount: Score;
  /** Epoch seconds; 0 when none. */
  readonly lastFailure: number;
  /** Oldest first; probes that found nothing and notifications are left out. */
  readonly operations: readonly OperationView[];
}

export interface NodeHistoryView {
  readonly node: string;
  readonly resources: readonly ResourceHistoryView[];
}

export interface NodeAttributesView {
  readonly node: string;
  readonly attributes: readonly {
    readonly name: string;
    readonly value: string;
    /** What a ping resource would set with full connectivity. */
    readonly expected: number | undefined;
  }[];
}

export interface TicketView {
  readonly id: string;
  readonly granted: boolean;
  readonly standby: boolean;
  readonly lastGranted: number | undefined;
}

export interface BanView {
  readonly id: string;
  readonly resource: string;
  readonly node: string;
  readonly score: Score;
  readonly promotedOnly: boolean;
}

/** Everything a monitor can show; the display options choose (lib/view/display.ts). */
export interface ClusterView {
  readonly kind: "cluster";
  readonly form: TextForm;
  readonly summary: SummaryView;
  /** Name order. */
  readonly nodes: readonly NodeView[];
  readonly resources: readonly ResourceView[];
  readonly attributes: readonly NodeAttributesView[];
  readonly history: readonly NodeHistoryView[];
  readonly failures: readonly FailureView[];
  readonly tickets: readonly TicketView[];
  readonly bans: readonly BanView[];
}
