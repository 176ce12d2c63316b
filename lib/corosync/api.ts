/**
 * The first process from outside: its events, its effects, and what it must be told at birth. cmd/corosync runs it on
 * real sockets, test/sim drives many of them.
 */
import type { CommonEffect, Millis, TimerEvent } from "../base/core.ts";
import type { CorosyncConfig } from "../conf/config.ts";
import type { DatagramEvent, SendEffect } from "../totem/api.ts";
import type { CmapValue } from "../wire/cmap.ts";
import type { FrontDoorEffect, FrontDoorEvent } from "../wire/ipc/front-door.ts";

export interface CorosyncOptions {
  readonly config: CorosyncConfig;
  /** Of this node, configured or made from its address. */
  readonly nodeId: number;
  /** Address of ring 0. */
  readonly address: string;
  readonly hostName: string;
  /** Ours, for the log. */
  readonly version: string;
  /** Ring sequence read from `ringIdPath(options)`; 0 when there is none. */
  readonly storedRingSeq: number;
  /** Expected votes read from `expectedVotesPath(options)`; undefined when there are none. */
  readonly storedExpectedVotes: number | undefined;
  /** Address of any node as far as it is known. */
  readonly addressOf: (nodeId: number) => string | undefined;
  /** Links to a node, where the transport knows links. */
  readonly linksOf?: (nodeId: number) => readonly NodeLink[] | undefined;
  /** What the transport counts, by names below `stats.`, such as knet.node2.link0.up_count. */
  readonly transportStatistics?: () => ReadonlyMap<string, CmapValue>;
}

export interface NodeLink {
  readonly link: number;
  readonly source: string;
  readonly destination: string;
  readonly connected: boolean;
  /** Bytes of a ring datagram that go over it in one piece; undefined where the transport does not measure it. */
  readonly mtu?: number;
}

export type CorosyncEvent =
  | { readonly kind: "start" }
  | { readonly kind: "interface"; readonly up: boolean; readonly address: string }
  | DatagramEvent
  | FrontDoorEvent
  /** SIGTERM and its like: leave cleanly. */
  | { readonly kind: "terminate"; readonly reason: string }
  | { readonly kind: "process-started"; readonly name: string; readonly pid: number }
  /** `exit` undefined: a signal ended it, or it could not be started. */
  | {
      readonly kind: "process-exited";
      readonly name: string;
      readonly pid: number;
      readonly exit: number | undefined;
      readonly signal: string | undefined;
    }
  /** Answer to `read-configuration`. */
  | {
      readonly kind: "configuration-read";
      readonly config: CorosyncConfig | undefined;
      /** One line each. */
      readonly problems: readonly string[];
    }
  /** The configuration in use has brought a new key or cipher of the ring, which can open datagrams from now on. */
  | { readonly kind: "key-prepared" }
  /** The whole process did not run for so long: past 80 % of the token's timeout. */
  | { readonly kind: "not-scheduled"; readonly delayMs: Millis; readonly atEpochMs: number }
  | TimerEvent;

/** Run a program of ours in the background and report process-started, later process-exited. */
export interface StartProcess {
  readonly kind: "start-process";
  /** A tool's name, such as pacemakerd. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface StopProcess {
  readonly kind: "stop-process";
  readonly name: string;
  readonly signal: "SIGTERM" | "SIGKILL";
}

/** Read corosync.conf again and report configuration-read. */
export interface ReadConfiguration {
  readonly kind: "read-configuration";
}

/** Log and links as this configuration says, from now on. */
export interface UseConfiguration {
  readonly kind: "use-configuration";
  readonly config: CorosyncConfig;
}

/** Phase 1: seal datagrams with the key that was prepared. Phase 2: open none any more with the one before. */
export interface CryptoPhase {
  readonly kind: "crypto-phase";
  readonly phase: 1 | 2;
}

/** Close the log files and open them anew. */
export interface ReopenLogs {
  readonly kind: "reopen-logs";
}

export type CorosyncEffect =
  | CommonEffect
  | SendEffect
  | FrontDoorEffect
  | StartProcess
  | StopProcess
  | ReadConfiguration
  | UseConfiguration
  | CryptoPhase
  | ReopenLogs;
