/** Who wants to hear of CIB changes, and what they hear (spec/ipc.md 3.2, notifications). */
import type { CibDoc } from "../../cib/document.ts";
import { element, type XmlElement } from "../../xml/node.ts";

/** Kinds of news a client may ask for. */
const KINDS: ReadonlySet<string> = new Set([
  "cib_diff_notify",
  "cib_refresh_notify",
  "cib_pre_notify",
  "cib_post_notify",
  "cib_update_confirmation",
]);

export class Subscribers {
  private readonly wanted = new Map<number, Set<string>>();

  /** Returns false for a kind that does not exist. */
  set(client: number, kind: string, active: boolean): boolean {
    if (!KINDS.has(kind)) return false;
    const kinds = this.wanted.get(client) ?? new Set<string>();
    if (active) kinds.add(kind);
    else kinds.delete(kind);
    this.wanted.set(client, kinds);
    return true;
  }

  gone(client: number): void {
    this.wanted.delete(client);
  }

  /** Clients that asked for this kind. */
  of(kind: string): readonly number[] {
    return [...this.wanted].filter(([, kinds]) => kinds.has(kind)).map(([client]) => client);
  }
}

/** The event for cib_diff_notify. */
export function diffNotice(
  op: string,
  before: CibDoc,
  after: CibDoc,
  diff: XmlElement,
): XmlElement {
  const generation = element("generation_tuple", new Map(after.root.attrs));
  return element(
    "notify",
    {
      t: "cib_notify",
      subt: "cib_diff_notify",
      cib_op: op,
      cib_rc: "0",
      cib_object_type: before.root.name,
    },
    [element("cib_generation", {}, [generation]), element("cib_update_result", {}, [diff])],
  );
}
