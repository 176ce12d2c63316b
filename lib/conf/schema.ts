/**
 * What may stand in corosync.conf: sections, keys and the values of each key. One table; check.ts walks it, so a new key
 * is one line here. Keys that have no effect in Quorate are accepted, as they are by the originals of their time.
 */

export type ValueRule =
  | { readonly kind: "text" }
  | { readonly kind: "number"; readonly min: number; readonly max: number }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** An IPv4 or IPv6 address. */
  | { readonly kind: "address" }
  /** An address or a host name. */
  | { readonly kind: "host" }
  /** An absolute path. */
  | { readonly kind: "path" };

export interface SectionRule {
  readonly entries: Readonly<Record<string, ValueRule>>;
  readonly sections?: Readonly<Record<string, SectionRule>>;
  /** Entries without which the section means nothing. */
  readonly needs?: readonly string[];
}

const text: ValueRule = { kind: "text" };
const address: ValueRule = { kind: "address" };
const host: ValueRule = { kind: "host" };
const path: ValueRule = { kind: "path" };
const words = (...list: string[]): ValueRule => ({ kind: "words", words: list });
const number = (min: number, max: number): ValueRule => ({ kind: "number", min, max });
const count = number(0, 4294967295);
const milliseconds = number(0, 3_600_000);
const port = number(1, 65535);
const yesNo = words("yes", "no");
const onOff = words("on", "off", "yes", "no");
const priority = words("alert", "crit", "debug", "emerg", "err", "info", "notice", "warning");
const facility = words(
  ..."daemon local0 local1 local2 local3 local4 local5 local6 local7 user".split(" "),
);

const interfaceRule: SectionRule = {
  entries: {
    ringnumber: number(0, 7),
    linknumber: number(0, 7),
    bindnetaddr: host,
    broadcast: yesNo,
    mcastaddr: address,
    mcastport: port,
    ttl: number(0, 255),
    knet_link_priority: number(0, 255),
    knet_ping_interval: milliseconds,
    knet_ping_timeout: milliseconds,
    knet_ping_precision: number(1, 2048),
    knet_pong_count: number(1, 255),
    knet_transport: words("udp", "sctp"),
  },
  sections: { member: { entries: { memberaddr: host } } },
};

const totemRule: SectionRule = {
  entries: {
    version: words("2"),
    cluster_name: text,
    config_version: number(0, Number.MAX_SAFE_INTEGER),
    transport: words("udp", "udpu", "knet"),
    secauth: onOff,
    threads: count,
    vsftype: words("none", "ykd"),
    crypto_cipher: words("none", "aes256", "aes192", "aes128", "3des"),
    crypto_hash: words("none", "md5", "sha1", "sha256", "sha384", "sha512"),
    crypto_model: words("nss", "openssl"),
    crypto_type: words("nss", "aes256", "aes192", "aes128", "3des", "sober"),
    crypto_accept: words("new", "old"),
    keyfile: path,
    key: text,
    link_mode: words("active", "passive", "rr"),
    rrp_mode: words("none", "active", "passive"),
    ip_version: words("ipv4", "ipv6", "ipv4-6", "ipv6-4"),
    nodeid: number(1, 4294967295),
    clear_node_high_bit: yesNo,
    block_unlisted_ips: yesNo,
    cancel_token_hold_on_retransmit: yesNo,
    netmtu: number(256, 65536),
    token: number(30, 3_600_000),
    token_coefficient: milliseconds,
    token_warning: number(0, 100),
    token_retransmit: number(30, 3_600_000),
    token_retransmits_before_loss_const: number(1, 1000),
    hold: number(14, 3_600_000),
    join: number(30, 3_600_000),
    send_join: milliseconds,
    consensus: number(30, 3_600_000),
    merge: number(30, 3_600_000),
    downcheck: number(30, 3_600_000),
    fail_recv_const: count,
    seqno_unchanged_const: count,
    miss_count_const: count,
    heartbeat_failures_allowed: count,
    max_network_delay: milliseconds,
    window_size: number(1, 16384),
    max_messages: number(1, 16384),
    rrp_problem_count_timeout: milliseconds,
    rrp_problem_count_threshold: count,
    rrp_problem_count_mcast_threshold: count,
    rrp_token_expired_timeout: milliseconds,
    rrp_autorecovery_check_timeout: milliseconds,
    knet_pmtud_interval: count,
    knet_mtu: number(0, 65535),
    knet_compression_model: text,
    knet_compression_threshold: count,
    knet_compression_level: number(-100, 100),
  },
  sections: { interface: interfaceRule },
  needs: ["version"],
};

const LOGGING_ENTRIES = {
  fileline: onOff,
  function_name: onOff,
  timestamp: words("on", "off", "yes", "no", "hires"),
  to_stderr: onOff,
  to_logfile: onOff,
  /** 1.x's name of to_logfile. */
  to_file: onOff,
  to_syslog: onOff,
  logfile: path,
  logfile_priority: priority,
  syslog_facility: facility,
  syslog_priority: priority,
  debug: words("on", "off", "yes", "no", "trace"),
  blackbox: onOff,
  tags: text,
} as const;

const subsystemRule: SectionRule = {
  entries: { ...LOGGING_ENTRIES, subsys: text },
  needs: ["subsys"],
};

const loggingRule: SectionRule = {
  entries: LOGGING_ENTRIES,
  sections: {
    logger_subsys: subsystemRule,
    logging_daemon: { entries: { ...LOGGING_ENTRIES, name: text, subsys: text } },
  },
};

const deviceRule: SectionRule = {
  entries: {
    model: words("net", "disk"),
    votes: count,
    timeout: milliseconds,
    sync_timeout: milliseconds,
    master_wins: words("0", "1"),
  },
  sections: {
    net: {
      entries: {
        host,
        port,
        tls: words("on", "off", "required"),
        algorithm: words("test", "ffsplit", "2nodelms", "lms"),
        tie_breaker: text,
        connect_timeout: milliseconds,
        force_ip_version: words("0", "4", "6"),
        keep_active_partition_tie_breaker: onOff,
      },
    },
    heuristics: {
      entries: { mode: words("on", "sync", "off"), interval: milliseconds, timeout: milliseconds },
    },
  },
};

const quorumRule: SectionRule = {
  entries: {
    provider: words("corosync_votequorum"),
    expected_votes: number(1, 4294967295),
    votes: count,
    two_node: words("0", "1"),
    wait_for_all: words("0", "1"),
    last_man_standing: words("0", "1"),
    last_man_standing_window: milliseconds,
    auto_tie_breaker: words("0", "1"),
    auto_tie_breaker_node: text,
    allow_downscale: words("0", "1"),
    expected_votes_tracking: words("0", "1"),
  },
  sections: { device: deviceRule },
  needs: ["provider"],
};

const ADDRESSES = Object.fromEntries(
  Array.from({ length: 8 }, (_, i) => [`ring${i}_addr`, host] as const),
);

const nodelistRule: SectionRule = {
  entries: {},
  sections: {
    node: {
      entries: { nodeid: number(1, 4294967295), name: text, quorum_votes: count, ...ADDRESSES },
      needs: ["ring0_addr"],
    },
  },
};

/** The whole file. */
export const rootRule: SectionRule = {
  entries: { compatibility: words("whitetank", "none") },
  sections: {
    totem: totemRule,
    logging: loggingRule,
    quorum: quorumRule,
    nodelist: nodelistRule,
    system: {
      entries: {
        qb_ipc_type: words("native", "shm", "socket"),
        sched_rr: yesNo,
        priority: text,
        move_to_root_cgroup: words("yes", "no", "auto"),
        allow_knet_handle_fallback: yesNo,
        state_dir: path,
      },
    },
    qb: { entries: { ipc_type: words("native", "shm", "socket") } },
    uidgid: { entries: { uid: text, gid: text } },
    amf: { entries: { mode: words("enabled", "disabled") } },
    service: {
      entries: {
        name: words("pacemaker"),
        ver: words("0", "1"),
        clustername: text,
        expected_nodes: count,
        use_logd: words("yes", "no", "0", "1"),
        use_mgmtd: words("yes", "no", "0", "1"),
      },
      needs: ["name"],
    },
    aisexec: { entries: { user: text, group: text } },
    resources: {
      entries: {},
      sections: {
        system: {
          entries: {},
          sections: {
            memory_used: { entries: { max: text, poll_period: count, recovery: text } },
            load_15min: { entries: { max: text, poll_period: count, recovery: text } },
          },
        },
      },
    },
  },
};

/** The seed's spelling, accepted with a warning (seed/errata.md). */
export const misspelt: Readonly<Record<string, string>> = { aisxec: "aisexec" };
