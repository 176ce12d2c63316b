/** corosync.conf.example: the seed's configuration, explained in our own words, ready to be renamed and edited. */

export interface ExampleAddresses {
  /** The network of the ring; corosync picks the interface that has an address in it. */
  readonly network: string;
}

/** The legacy form: udp multicast, quorum by the manager's rule, Pacemaker started by corosync. */
export function exampleConfiguration({ network }: ExampleAddresses): string {
  return `# corosync.conf.example: rename it to corosync.conf and set bindnetaddr.
# All nodes need the same file, and with secauth the same /etc/corosync/authkey (corosync-keygen).
totem {
    version: 2          # the protocol's version; nothing else is allowed
    secauth: off        # on: datagrams are signed and encrypted with the authkey
    threads: 0          # accepted, without effect
    interface {
        ringnumber: 0           # 0 is the first ring
        bindnetaddr: ${network}   # network of the heartbeat; the interface with an address in it is used
        mcastaddr: 226.94.1.1   # multicast address of the ring, the same on all nodes
        mcastport: 5405         # multicast port; the one below it is used too
        ttl: 1                  # datagrams stay in this network
    }
}

logging {
    fileline: off
    to_stderr: no
    to_logfile: yes
    to_syslog: yes
    logfile: /var/log/cluster/corosync.log
    debug: off
    timestamp: on
    logger_subsys {
        subsys: AMF
        debug: off
    }
}

amf {
    mode: disabled      # accepted, without effect
}

# Who starts the manager: ver 0 = corosync does, ver 1 = you do (service pacemaker start).
service {
    ver: 0
    name: pacemaker
}

# Under which identity the services run.
aisexec {
    user: root
    group: root
}
`;
}
