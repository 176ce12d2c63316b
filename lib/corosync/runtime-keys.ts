/** Keys of the configuration map that follow what happens: runtime.members.*, runtime.votequorum.*; tools read them. */
import type { Votequorum } from "../quorum/votequorum.ts";
import type { CmapValue } from "../wire/cmap.ts";

/** A key and its new value. */
export type KeyChange = readonly [key: string, value: CmapValue];

const u32 = (value: number): CmapValue => ({ type: "u32", value });
const text = (value: string): CmapValue => ({ type: "string", value });

/** Remembers how often each node joined. */
export class MemberKeys {
  private readonly joins = new Map<number, number>();
  private readonly addressOf: (nodeId: number) => string | undefined;

  constructor(addressOf: (nodeId: number) => string | undefined) {
    this.addressOf = addressOf;
  }

  /** What a new ring changes. `left` may hold nodes that are back already. */
  changed(
    members: readonly number[],
    joined: readonly number[],
    left: readonly number[],
  ): readonly KeyChange[] {
    const gone = left
      .filter((id) => !members.includes(id))
      .map((id): KeyChange => [`runtime.members.${id}.status`, text("left")]);
    return [...joined.flatMap((id) => this.joined(id)), ...gone];
  }

  private joined(id: number): readonly KeyChange[] {
    const count = (this.joins.get(id) ?? 0) + 1;
    this.joins.set(id, count);
    const path = `runtime.members.${id}`;
    const address = this.addressOf(id);
    return [
      [`${path}.config_version`, { type: "u64", value: 0n }],
      ...(address === undefined
        ? []
        : [[`${path}.ip`, text(`r(0) ip(${address}) `)] satisfies KeyChange]),
      [`${path}.join_count`, u32(count)],
      [`${path}.status`, text("joined")],
    ];
  }
}

/** What scripts read of the votes. */
export function voteKeys({ settings, known }: Votequorum): readonly KeyChange[] {
  const ids = known.map((voter) => voter.nodeId);
  const path = "runtime.votequorum";
  return [
    [`${path}.ev_barrier`, u32(settings.configuredVotes)],
    [`${path}.lowest_node_id`, u32(Math.min(...ids))],
    [`${path}.highest_node_id`, u32(Math.max(...ids))],
    [`${path}.atb_type`, u32(tieBreakerType(settings))],
    [`${path}.two_node`, { type: "u8", value: settings.twoNode ? 1 : 0 }],
  ];
}

/** How corosync numbers the ways of breaking ties: none, lowest, highest, a list. */
function tieBreakerType({ autoTieBreaker, autoTieBreakerNode }: Votequorum["settings"]): number {
  if (!autoTieBreaker) return 0;
  if (autoTieBreakerNode === "lowest") return 1;
  return autoTieBreakerNode === "highest" ? 2 : 3;
}
