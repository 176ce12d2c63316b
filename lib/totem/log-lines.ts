/**
 * Log lines of the ring in both wordings: corosync 1.4's for the legacy form of corosync.conf, 3.x's for nodelists
 * (spec/totem/totem-wire.md sections 4.4, 4.7 and 10).
 */
import type { LogLevel } from "../base/core.ts";
import { without } from "./membership.ts";
import type { RingState } from "./ring-state.ts";
import { ringText } from "./sequence.ts";

interface Line {
  readonly level: LogLevel;
  readonly text: string;
}

function legacy(ring: RingState): boolean {
  return ring.config.logForm === "legacy";
}

/** The token was lost. */
export function processorFailedLine(ring: RingState): string {
  const { tokenMs, consensusMs } = ring.timers;
  if (legacy(ring)) return "A processor failed, forming new configuration.";
  return (
    `A processor failed, forming new configuration: token timed out (${tokenMs}ms), ` +
    `waiting ${consensusMs}ms for consensus.`
  );
}

/** A membership was formed. */
export function membershipLine(
  ring: RingState,
  joined: readonly number[],
  left: readonly number[],
): readonly Line[] {
  if (legacy(ring)) {
    const text = "A processor joined or left the membership and a new membership was formed.";
    return [{ level: "notice", text }];
  }
  const list = (word: string, ids: readonly number[]): string =>
    ids.length === 0 ? "" : ` ${word}: ${ids.join(" ")}`;
  const changes = `${list("joined", joined)}${list("left", left)}`;
  const lines: Line[] = [
    {
      level: "notice",
      text: `A new membership (${ringText(ring.ringId)}) was formed. Members${changes}`,
    },
  ];
  const failed = without(left, ring.goodbyes);
  if (failed.length > 0) {
    const text = `Failed to receive the leave message. failed: ${failed.join(" ")}`;
    lines.push({ level: "notice", text });
  }
  return lines;
}

/** Three quarters of the time until the loss of the token have passed. */
export function tokenWarningLine(ring: RingState): string {
  const waited = Math.trunc((ring.timers.tokenMs * ring.timers.tokenWarningPercent) / 100);
  return `Token has not been received in ${waited} ms `;
}

/** This process did not run for so long. */
export function pauseLine(pausedMs: number): string {
  return `Process pause detected for ${Math.trunc(pausedMs)} ms, flushing membership messages.`;
}

export function interfaceLine(up: boolean, address: string): string {
  return up ? `The network interface [${address}] is now up.` : "The network interface is down.";
}
