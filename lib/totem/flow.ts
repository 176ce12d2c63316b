/**
 * Flow control at a token visit: how many messages may be sent, and what the token then says about it
 * (spec/totem/totem-wire.md section 5 steps 4 and 8; the fcc and backlog fields of the token).
 */

export interface FlowLimits {
  readonly windowSize: number;
  readonly maxMessages: number;
}

/** One node's share in the token's sums, as of its previous visit. */
export interface FlowMemory {
  /** Messages sent at the previous visit (trc). */
  sent: number;
  /** Length of the send queue at the previous visit (pbl). */
  backlog: number;
}

/** Messages this visit may send. `fcc` and `backlog` come from the token, `queued` is our send queue's length now. */
export function allowance(
  limits: FlowLimits,
  fcc: number,
  backlog: number,
  queued: number,
  memory: FlowMemory,
): number {
  let allowed = Math.max(0, Math.min(limits.maxMessages, limits.windowSize - fcc));
  const total = (backlog + queued - memory.backlog) >>> 0;
  if (total !== 0) {
    const share = Math.floor((limits.windowSize * memory.backlog) / total);
    if (share > 0) allowed = Math.min(allowed, share);
  }
  return allowed;
}

/** The token's sums after this visit; remembers our share in `memory`. */
export function account(
  fcc: number,
  backlog: number,
  sent: number,
  queued: number,
  memory: FlowMemory,
): { readonly fcc: number; readonly backlog: number } {
  const sums = {
    fcc: (fcc + sent - memory.sent) >>> 0,
    backlog: (backlog + queued - memory.backlog) >>> 0,
  };
  memory.sent = sent;
  memory.backlog = queued;
  return sums;
}
