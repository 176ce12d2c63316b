/**
 * Managers that are missing on nodes of this ring (HOUSE rule 9): each is waited for in its own time; then its node counts as
 * unclean, and nothing that may run there is moved.
 */
import type { CibDoc } from "../../cib/document.ts";
import { attr } from "../../xml/node.ts";
import { nodeState } from "../cib/status.ts";
import type { Context } from "../context.ts";
import type { Membership } from "../membership.ts";

/** How long the others wait for a manager that died while its node stayed. */
export const MANAGER_RETURN_MS = 20_000;

export class AbsentManagers {
  private readonly context: Context;
  private readonly membership: Membership;
  /** Managers that may come back until then. */
  private readonly awaited = new Map<number, number>();
  private given: readonly number[] = [];

  constructor(context: Context, membership: Membership) {
    this.context = context;
    this.membership = membership;
  }

  /** Nothing is scheduled meanwhile. */
  get isWaiting(): boolean {
    return this.awaited.size > 0;
  }

  /** Those that were waited for long enough. */
  get abandoned(): readonly number[] {
    return this.given;
  }

  /** A membership is synchronised: who is missing, but for those that left cleanly? Unknown ones may run things. */
  watch(doc: CibDoc): void {
    const missing = this.membership.withoutManager.filter((id) => {
      const uname = this.membership.uname(id);
      if (uname === undefined) return true;
      const state = nodeState(doc, this.context.cibName(id, uname).id);
      return state === undefined || attr(state, "expected") !== "down";
    });
    this.given = this.given.filter((id) => missing.includes(id));
    for (const id of [...this.awaited.keys()]) if (!missing.includes(id)) this.awaited.delete(id);
    for (const id of missing) {
      if (this.given.includes(id) || this.awaited.has(id)) continue;
      this.awaited.set(id, this.context.now + MANAGER_RETURN_MS);
    }
    this.arm();
  }

  private arm(): void {
    if (this.awaited.size === 0) this.context.cancelTimer("managers");
    else {
      const next = Math.min(...this.awaited.values());
      this.context.setTimer("managers", Math.max(0, next - this.context.now));
    }
  }

  /** The timer has run out; true when somebody is given up now. */
  timedOut(): boolean {
    const due = [...this.awaited].filter(([, at]) => at <= this.context.now).map(([id]) => id);
    for (const id of due) this.awaited.delete(id);
    this.arm();
    if (due.length === 0) return false;
    this.given = [...this.given, ...due].sort((a, b) => a - b);
    const names = due.map((id) => this.membership.uname(id) ?? String(id)).join(" ");
    this.context.log(
      "warning",
      `The manager of ${names} did not come back; what runs there stays there`,
    );
    return true;
  }
}
