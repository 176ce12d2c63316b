/**
 * The second process as its surroundings see it: events in, effects out (HOUSE section 3). cmd/pacemaker/pacemakerd.ts
 * feeds it from corosync's IPC, libqb clients and agents; test/sim feeds it from memory.
 */
import type { CommonEffect, Millis, TimerEvent } from "../base/core.ts";
import type { CibDoc } from "../cib/document.ts";
import type { ScheduleOptions, ScheduleResult } from "../scheduler/api.ts";
import type { FrontDoorEffect, FrontDoorEvent } from "../wire/ipc/front-door.ts";

/** A process in our CPG group. */
export interface GroupMember {
  readonly nodeId: number;
  readonly processId: number;
}

/** One membership of our group, in its place of the order, with the ring it stands on. */
export interface GroupConfigurationEvent {
  readonly kind: "cpg-configuration";
  readonly members: readonly GroupMember[];
  /** `REP.SEQ`, the same text on every member. */
  readonly ringId: string;
  readonly ringSeq: number;
  readonly ringMembers: readonly number[];
}

export interface GroupDeliverEvent {
  readonly kind: "cpg-deliver";
  readonly from: GroupMember;
  readonly body: Uint8Array;
}

/** Votes by ring node id. */
export type Votes = readonly (readonly [nodeId: number, votes: number])[];

/** What votequorum says, where it is there. */
export interface VotesKnown {
  readonly expectedVotes?: number;
  /** Votes that make a quorum. */
  readonly neededVotes?: number;
  /** Of each member. */
  readonly votes?: Votes;
}

export interface QuorumEvent extends VotesKnown {
  readonly kind: "quorum";
  readonly quorate: boolean;
  readonly ringSeq: number;
  readonly nodes: readonly number[];
}

/** Groups of another manager that have members in this ring (HOUSE rule 11); an empty list when they are gone. */
export interface ForeignGroupsEvent {
  readonly kind: "foreign-groups";
  readonly groups: readonly string[];
}

/** Corosync is gone (HOUSE rule 10). */
export interface RingLostEvent {
  readonly kind: "ring-lost";
}

export type RingEvent =
  | GroupConfigurationEvent
  | GroupDeliverEvent
  | QuorumEvent
  | ForeignGroupsEvent
  | RingLostEvent;

/** An agent has ended. `exit` is undefined when a signal ended it. */
export interface JobDoneEvent {
  readonly kind: "job-done";
  readonly job: number;
  readonly exit: number | undefined;
  /** Ended because `timeoutMs` was over. */
  readonly timedOut: boolean;
  /** The agent could not be started: no such file, not executable. */
  readonly missing?: "not-installed" | "not-permitted";
  readonly stdout: string;
  readonly stderr: string;
  readonly execMs: Millis;
}

/** A schedule is ready; `id` is that of its `compute`. */
export interface ComputedEvent {
  readonly kind: "computed";
  readonly id: number;
  readonly result: ScheduleResult;
}

/**
 * A `persist` could not be carried out; posted before any later event. Until the core has heard of it, later persists are
 * not carried out either (and are told alike), so a file never gets ahead of one that had to be written before it.
 */
export interface PersistFailedEvent {
  readonly kind: "persist-failed";
  readonly path: string;
  /** The errno word, as ENOSPC. */
  readonly reason: string;
}

export type PacemakerdEvent =
  /** First event of all; `epochMs` is the wall clock at this `now`. */
  | { readonly kind: "start"; readonly epochMs: number }
  /** The wall clock again, now and then, as it may be set; and how loaded the machine was in the last minute. */
  | { readonly kind: "wall-clock"; readonly epochMs: number; readonly loadAverage?: number }
  /** SIGTERM: stop resources, then leave. */
  | { readonly kind: "terminate" }
  | RingEvent
  | JobDoneEvent
  | ComputedEvent
  | PersistFailedEvent
  | FrontDoorEvent
  | TimerEvent;

/** A message for our CPG group. */
export interface MulticastEffect {
  readonly kind: "multicast";
  readonly body: Uint8Array;
}

/** Run one agent action in a process group of its own; exactly one job-done answers. */
export interface RunEffect {
  readonly kind: "run";
  readonly job: number;
  readonly standard: string;
  readonly provider: string | undefined;
  readonly agent: string;
  readonly action: string;
  /** Variables on top of the daemon's own (spec/runtime.md 3.9). */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: Millis;
  /** For the simulator and the log: the resource instance. */
  readonly resource: string;
}

/** SIGKILL to a job's process group; its job-done follows. */
export interface KillEffect {
  readonly kind: "kill";
  readonly job: number;
}

/** Run an alert's program; nobody waits for it. */
export interface AlertEffect {
  readonly kind: "alert";
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: Millis;
}

/** Make a schedule, perhaps elsewhere; `computed` answers. */
export interface ComputeEffect {
  readonly kind: "compute";
  readonly id: number;
  readonly cib: CibDoc;
  /** Epoch seconds. */
  readonly now: number;
  readonly options: ScheduleOptions;
}

export type PacemakerdEffect =
  | CommonEffect
  | FrontDoorEffect
  | MulticastEffect
  | RunEffect
  | KillEffect
  | AlertEffect
  | ComputeEffect;

/** What was on disk at start (cib/store.ts reads it). */
export interface StoredState {
  readonly cib: CibDoc | undefined;
  /** Number of the last quorate round whose CIB is stored here; 0 = none. */
  readonly quorateSeq: number;
  /** How many changes of that round are in the CIB for sure. */
  readonly quoratePosition: number;
  /** Version of the last change that was accepted without quorum since; "" = none. */
  readonly withoutQuorum: string;
  /** Highest number of a quorate round known to be taken. */
  readonly promised: number;
  readonly backupSequence: number;
}

export interface PacemakerdConfig {
  readonly nodeId: number;
  readonly nodeName: string;
  readonly processId: number;
  /** Unguessable text, new at each start; every uuid derives from it. */
  readonly seed: string;
  /** "legacy": the plugin form of CIB and log (HOUSE: node ids, text form). */
  readonly form: "legacy" | "nodelist";
  readonly clusterName?: string;
  readonly cibFolder: string;
  readonly stored: StoredState;
  readonly cores: number;
  /** The name of a user, for access rules and for update-user. */
  readonly userOf: (uid: number) => string;
  /** Seconds east of UTC, for texts that tools show as local time. */
  readonly utcOffsetSeconds: number;
}
