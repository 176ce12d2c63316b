/**
 * The ring as its users see it: events in, effects out (HOUSE section 3; spec/totem/totem-wire.md sections 1 to 5).
 * lib/totem/ring.ts implements it; lib/corosync composes it with the services; test/sim drives many of them.
 */
import type {
  CancelTimer,
  LogEffect,
  Millis,
  PersistEffect,
  SetTimer,
  TimerEvent,
} from "../base/core.ts";
import type { RingId } from "../wire/totem.ts";

export type { RingId } from "../wire/totem.ts";

/** Effective timers and limits (spec/totem section 4.1). All times in milliseconds. */
export interface TotemTimers {
  readonly tokenMs: Millis;
  readonly tokenRetransmitMs: Millis;
  readonly holdMs: Millis;
  /** Percent of tokenMs after which the missing token is logged; 0 = never (the 1.4 form). */
  readonly tokenWarningPercent: number;
  readonly joinMs: Millis;
  readonly consensusMs: Millis;
  readonly mergeMs: Millis;
  readonly downcheckMs: Millis;
  readonly failRecvConst: number;
  readonly seqnoUnchangedConst: number;
  readonly missCountConst: number;
  readonly windowSize: number;
  readonly maxMessages: number;
  readonly netMtu: number;
}

export interface TotemConfig {
  readonly nodeId: number;
  readonly timers: TotemTimers;
  /** Folder + name of the ring id file, e.g. /var/lib/corosync/ringid_6; written in GATHER and, if need be, COMMIT. */
  readonly ringIdPath: string;
  /** Sequence read from that file at start (0 when absent). */
  readonly storedRingSeq: number;
  /** "legacy" = wording of corosync 1.4, "nodelist" = 3.x (HOUSE: form of corosync.conf). */
  readonly logForm: "legacy" | "nodelist";
  /** Addresses by node id where the configuration names them; for log lines only. */
  readonly addressOf?: (nodeId: number) => string | undefined;
}

/** A datagram in totem's own format: transport headers and crypto are taken off below (lib/totem/transport, runtime). */
export interface DatagramEvent {
  readonly kind: "datagram";
  readonly data: Uint8Array;
}

/** An application message for the ring. `group` is "a" for services, "sync" for sync rounds. Up to 1 MiB. */
export interface MulticastEvent {
  readonly kind: "multicast";
  readonly group: "a" | "sync";
  readonly body: Uint8Array;
}

export type TotemEvent =
  | { readonly kind: "start" }
  | { readonly kind: "interface"; readonly up: boolean; readonly address: string }
  | DatagramEvent
  | MulticastEvent
  /** Sync of all services is complete in this ring: messages may use the normal queue again. */
  | { readonly kind: "sync-complete"; readonly ringId: RingId }
  /** Say goodbye: sends LEAVE. Nothing is accepted afterwards. */
  | { readonly kind: "leave" }
  | { readonly kind: "set-timers"; readonly timers: TotemTimers }
  | TimerEvent;

/** Unicast to a member (token, commit token) or to everyone (mcast, join, merge detect, hold cancel). */
export interface SendEffect {
  readonly kind: "send";
  readonly to: number | "all";
  readonly data: Uint8Array;
}

/** A complete application message in agreed order. Self-delivered like everyone else's. */
export interface DeliverEffect {
  readonly kind: "deliver";
  readonly group: "a" | "sync";
  readonly from: number;
  readonly body: Uint8Array;
}

/** A configuration (membership) in its place of the order. */
export interface ConfigurationEffect {
  readonly kind: "configuration";
  readonly type: "transitional" | "regular";
  readonly ringId: RingId;
  readonly members: readonly number[];
  readonly left: readonly number[];
  readonly joined: readonly number[];
}

export type TotemEffect =
  | SendEffect
  | DeliverEffect
  | ConfigurationEffect
  | SetTimer
  | CancelTimer
  | PersistEffect
  | LogEffect;

/** Read-only looks at a ring, for flow control, statistics and tools. */
export interface TotemView {
  readonly state: "operational" | "gather" | "commit" | "recovery";
  readonly ringId: RingId;
  readonly members: readonly number[];
  /** How many more application messages of `bytes` each the send queue takes now. */
  queueRoom(bytes: number): number;
  readonly statistics: Readonly<Record<string, number>>;
}
