/** Seeds of whole-node histories that once broke an invariant, with what was wrong. They run in every suite. */
export interface NodeLedgerLine {
  readonly seed: number;
  readonly nodes: number;
  readonly minutes: number;
  readonly was: string;
}

export const nodeLedger: readonly NodeLedgerLine[] = [
  {
    seed: 9,
    nodes: 3,
    minutes: 1,
    was: "a lone manager on a quorate ring stamped its stale CIB with the new quorate sequence",
  },
  {
    seed: 16,
    nodes: 3,
    minutes: 1,
    was: "a manager that started while the ring synchronised never joined the group",
  },
  {
    seed: 41,
    nodes: 3,
    minutes: 1,
    was: "a node's wiped status was taken for an idle node, and its resource was started elsewhere",
  },
  {
    seed: 82,
    nodes: 3,
    minutes: 0.6,
    was: "a crash between cib.xml and its digest was taken for damage, and the backup lost a merge",
  },
  {
    seed: 48,
    nodes: 3,
    minutes: 0.7,
    was: "a manager that missed acknowledged changes of its own ring won with edits made without quorum",
  },
  {
    seed: 5149,
    nodes: 3,
    minutes: 1,
    was: "a member alone had the number of a quorate round on disk and won against changes acknowledged later",
  },
  {
    seed: 58,
    nodes: 3,
    minutes: 0.6,
    was: "orders that a change of membership swallowed were counted as running for ever",
  },
  {
    seed: 5406,
    nodes: 3,
    minutes: 0.6,
    was: "a manager came back knowing nothing and was killed before it had looked: what ran there was started elsewhere",
  },
];
