/**
 * Meta-attributes of an action: what the configuration says, and what the scheduler adds (spec/scheduler-1 sections A.10 and
 * E.4). They never change, so actions that say the same share them: `with…` makes new ones. Most actions add two or three
 * words, so these are kept in a short list. Order: the configured names first, then the others as they were added.
 */
import { Rc } from "../../status/history.ts";

type Expected = typeof Rc.notRunning | typeof Rc.promoted;

export class ActionMeta {
  readonly configured: ReadonlyMap<string, string>;
  /** What is not configured, names and values in turn; a name stands here once, and wins over the configured value. */
  readonly added: readonly string[];
  private notRunning: ActionMeta | undefined;
  private promoted: ActionMeta | undefined;

  constructor(configured: ReadonlyMap<string, string>, added: readonly string[] = []) {
    this.configured = configured;
    this.added = added;
  }

  get(name: string): string | undefined {
    const at = indexIn(this.added, name);
    return at < 0 ? this.configured.get(name) : this.added[at + 1];
  }

  has(name: string): boolean {
    return indexIn(this.added, name) >= 0 || this.configured.has(name);
  }

  with(name: string, value: string): ActionMeta {
    return this.withAll(new Map([[name, value]]));
  }

  withAll(words: ReadonlyMap<string, string>): ActionMeta {
    const added = [...this.added];
    for (const [name, value] of words) {
      const at = indexIn(added, name);
      if (at < 0) added.push(name, value);
      else added[at + 1] = value;
    }
    return new ActionMeta(this.configured, added);
  }

  /** With the result that a monitor expects; made once, as all probes of a resource say this. */
  expecting(rc: Expected): ActionMeta {
    if (rc === Rc.promoted) {
      this.promoted ??= this.with("op_target_rc", String(rc));
      return this.promoted;
    }
    this.notRunning ??= this.with("op_target_rc", String(rc));
    return this.notRunning;
  }

  forEach(visit: (value: string, name: string) => void): void {
    const { added, configured } = this;
    configured.forEach((value, name) => {
      const at = indexIn(added, name);
      visit(at < 0 ? value : added[at + 1]!, name);
    });
    for (let i = 0; i < added.length; i += 2) {
      if (!configured.has(added[i]!)) visit(added[i + 1]!, added[i]!);
    }
  }
}

function indexIn(words: readonly string[], name: string): number {
  for (let i = 0; i < words.length; i += 2) if (words[i] === name) return i;
  return -1;
}
