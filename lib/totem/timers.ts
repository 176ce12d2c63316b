/**
 * Effective timers of the ring from what corosync.conf says (spec/totem/totem-wire.md section 4.1). All in milliseconds.
 */
import type { TotemTimers } from "./api.ts";

/** What the configuration may set; absent means the default. */
export interface TimerOptions {
  /** Default 3000; in the legacy form of corosync.conf 1000. */
  readonly token?: number | undefined;
  /** Added per node above two of the nodelist; default 650, 0 in the legacy form. */
  readonly tokenCoefficient?: number | undefined;
  readonly tokenRetransmitsBeforeLossConst?: number | undefined;
  readonly tokenRetransmit?: number | undefined;
  readonly hold?: number | undefined;
  readonly tokenWarning?: number | undefined;
  readonly join?: number | undefined;
  readonly consensus?: number | undefined;
  readonly merge?: number | undefined;
  readonly downcheck?: number | undefined;
  readonly failRecvConst?: number | undefined;
  readonly seqnoUnchangedConst?: number | undefined;
  readonly missCountConst?: number | undefined;
  readonly windowSize?: number | undefined;
  readonly maxMessages?: number | undefined;
  /** Default 1500; 65536 for knet. */
  readonly netMtu?: number | undefined;
  /** Nodes in the nodelist; 0 without one. */
  readonly nodes?: number | undefined;
  readonly legacy?: boolean | undefined;
}

/** Clock ticks of the kernel per second, as the originals count the hold time. */
const ticksPerSecond = 100;

export function totemTimers(options: TimerOptions = {}): TotemTimers {
  const legacy = options.legacy === true;
  const base = options.token ?? (legacy ? 1000 : 3000);
  const coefficient = options.tokenCoefficient ?? (legacy ? 0 : 650);
  const tokenMs = base + Math.max(0, (options.nodes ?? 0) - 2) * coefficient;
  const retransmits = options.tokenRetransmitsBeforeLossConst ?? 4;
  const tokenRetransmitMs = options.tokenRetransmit ?? Math.trunc(tokenMs / (retransmits + 0.2));
  return {
    tokenMs,
    tokenRetransmitMs,
    holdMs: options.hold ?? Math.trunc(tokenRetransmitMs * 0.8 - 1000 / ticksPerSecond),
    tokenWarningPercent: options.tokenWarning ?? (legacy ? 0 : 75),
    joinMs: options.join ?? 50,
    consensusMs: options.consensus ?? Math.trunc(1.2 * tokenMs),
    mergeMs: options.merge ?? 200,
    downcheckMs: options.downcheck ?? 1000,
    failRecvConst: options.failRecvConst ?? 2500,
    seqnoUnchangedConst: options.seqnoUnchangedConst ?? 30,
    missCountConst: options.missCountConst ?? 5,
    windowSize: options.windowSize ?? 50,
    maxMessages: options.maxMessages ?? 17,
    netMtu: options.netMtu ?? 1500,
  };
}
