/** Counters of a ring, by the names that corosync's map uses below `stats.srp.`. */

export type Statistics = Record<
  | "orf_token_tx"
  | "orf_token_rx"
  | "memb_merge_detect_tx"
  | "memb_merge_detect_rx"
  | "memb_join_tx"
  | "memb_join_rx"
  | "mcast_tx"
  | "mcast_retx"
  | "mcast_rx"
  | "memb_commit_token_tx"
  | "memb_commit_token_rx"
  | "token_hold_cancel_tx"
  | "token_hold_cancel_rx"
  | "operational_entered"
  | "operational_token_lost"
  | "gather_entered"
  | "gather_token_lost"
  | "commit_entered"
  | "commit_token_lost"
  | "recovery_entered"
  | "recovery_token_lost"
  | "consensus_timeouts"
  | "rx_msg_dropped"
  | "continuous_gather",
  number
>;

export function newStatistics(): Statistics {
  return {
    orf_token_tx: 0,
    orf_token_rx: 0,
    memb_merge_detect_tx: 0,
    memb_merge_detect_rx: 0,
    memb_join_tx: 0,
    memb_join_rx: 0,
    mcast_tx: 0,
    mcast_retx: 0,
    mcast_rx: 0,
    memb_commit_token_tx: 0,
    memb_commit_token_rx: 0,
    token_hold_cancel_tx: 0,
    token_hold_cancel_rx: 0,
    operational_entered: 0,
    operational_token_lost: 0,
    gather_entered: 0,
    gather_token_lost: 0,
    commit_entered: 0,
    commit_token_lost: 0,
    recovery_entered: 0,
    recovery_token_lost: 0,
    consensus_timeouts: 0,
    rx_msg_dropped: 0,
    continuous_gather: 0,
  };
}
