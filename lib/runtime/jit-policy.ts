/**
 * When the engine translates code to machine code. build.ts puts that off three-hundredfold, as a tool that runs for a moment
 * gains nothing from it; what works longer asks for it here.
 */

/**
 * Thresholds in multiples of the engine's own. At its own (1) a ring's first seconds of load are the slowest, 6,000 messages of 64
 * bytes a second against 13,000; at a hundredfold it stays a third slower with large messages.
 */
const EARLY = 10;

/** For a daemon, a Worker, or a tool with a long input. Concerns the calling thread only. */
export function translateEarly(): void {
  Bun.unsafe.setJITPolicy(EARLY);
}
