/**
 * Meta-attributes of one action: what the configuration says, shared with all actions that are configured alike, and what
 * the scheduler adds for this one (spec/scheduler-1 sections A.10 and E.4). Most actions add two or three words, so they
 * are kept in a short list. Order: the configured names first, then the others as they were added.
 */
export class ActionMeta {
  readonly configured: ReadonlyMap<string, string>;
  /** Names and values in turn; a name stands here once, and wins over the configured value. */
  private readonly own: string[] = [];

  constructor(configured: ReadonlyMap<string, string>) {
    this.configured = configured;
  }

  get(name: string): string | undefined {
    const at = this.ownIndex(name);
    return at < 0 ? this.configured.get(name) : this.own[at + 1];
  }

  has(name: string): boolean {
    return this.ownIndex(name) >= 0 || this.configured.has(name);
  }

  set(name: string, value: string): void {
    const at = this.ownIndex(name);
    if (at < 0) this.own.push(name, value);
    else this.own[at + 1] = value;
  }

  /** What only this action says: names and values in turn. */
  get added(): readonly string[] {
    return this.own;
  }

  forEach(visit: (value: string, name: string) => void): void {
    const { own, configured } = this;
    configured.forEach((value, name) => {
      const at = this.ownIndex(name);
      visit(at < 0 ? value : own[at + 1]!, name);
    });
    for (let i = 0; i < own.length; i += 2) {
      if (!configured.has(own[i]!)) visit(own[i + 1]!, own[i]!);
    }
  }

  private ownIndex(name: string): number {
    const { own } = this;
    for (let i = 0; i < own.length; i += 2) if (own[i] === name) return i;
    return -1;
  }
}
