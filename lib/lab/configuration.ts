/**
 * The files a lab's host gets: corosync.conf in the seed's form or in corosync 3's, /etc/hosts, and the LSB script `httpd`
 * that stands before Debian's apache2 (errata: "replaced by … an LSB script named httpd in the lab").
 */
import { type LabSpec, NETWORK, PROGRAMS } from "./spec.ts";

/** corosync.conf as the seed prints it, comments behind values and the misspelt `aisxec` included. */
export const seedConfiguration = `  #Totem defines how the nodes in the cluster communicate with each other.
totem {
    version: 2    #Version of totme, unchangeable
    secauth: off  #Security authentication, which consumes a lot of cpu when it is turned on
    threads: 0    #Number of parallel threads after security authentication is turned on
    interface {
        ringnumber: 0   #Loop-back number, if the host has multiple network cards, avoid heartbeat confluence
        bindnetaddr: 172.25.12.0  #In the heartbeat segment, corosync automatically determines which IP address on the local network card belongs to the network
        mcastaddr: 226.94.1.1  #Heartbeat message multicast address (all nodes must be consistent)
        mcastport: 5405 #Multicast Port
        ttl: 1   #Avoid multicast message loops by only one hop
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
    mode: disabled
}

#Let pacemaker start as a plug-in in corosync:
service{
    ver:0  #version number
    name:pacemaker  #Module name, start corosync and pacemaker
}

#Operating Identity
aisxec{
    user:root
    group:root
}
`;

/** corosync.conf in corosync 3's form, for both stacks. */
function nodelistConfiguration(spec: LabSpec): string {
  const totem = [
    "    version: 2",
    "    cluster_name: lab",
    `    transport: ${spec.transport}`,
    ...(spec.secauth && spec.transport === "knet"
      ? ["    crypto_cipher: aes256", "    crypto_hash: sha256"]
      : []),
    ...(spec.transport === "knet"
      ? []
      : [
          "    interface {",
          "        ringnumber: 0",
          `        bindnetaddr: ${NETWORK.prefix}.0`,
          ...(spec.transport === "udp" ? ["        mcastaddr: 226.94.1.1"] : []),
          "        mcastport: 5405",
          "    }",
        ]),
  ];
  const nodes = spec.hosts.flatMap((h) => [
    "    node {",
    `        name: ${h.name}`,
    `        nodeid: ${h.number}`,
    `        ring0_addr: ${h.address}`,
    "    }",
  ]);
  const starts =
    spec.stack === "quorate" ? ["service {", "    name: pacemaker", "    ver: 0", "}"] : [];
  return `${[
    "totem {",
    ...totem,
    "}",
    "nodelist {",
    ...nodes,
    "}",
    "quorum {",
    "    provider: corosync_votequorum",
    ...(spec.hosts.length === 2 ? ["    two_node: 1"] : []),
    "}",
    "logging {",
    "    to_stderr: no",
    "    to_logfile: yes",
    "    logfile: /var/log/cluster/corosync.log",
    "    to_syslog: no",
    "    timestamp: on",
    "}",
    ...starts,
  ].join("\n")}\n`;
}

/** The configuration of a lab that is not bare. */
export function labConfiguration(spec: LabSpec): string {
  return spec.form === "legacy" ? seedConfiguration : nodelistConfiguration(spec);
}

/** Name resolution between the hosts. */
export function hostsFile(spec: LabSpec): string {
  const lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"];
  for (const h of spec.hosts) lines.push(`${h.address} ${h.name}`);
  return `${lines.join("\n")}\n`;
}

/** apache2's configuration on a lab host: as little as serves one page. */
const apacheConfiguration = `ServerRoot /etc/httpd
ServerName localhost
Listen 80
PidFile /run/httpd/httpd.pid
DefaultRuntimeDir /run/httpd
Mutex file:/run/httpd default
ErrorLog /var/log/httpd/error_log
LogLevel warn
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
TypesConfig /dev/null
AddType text/html .html
User www-data
Group www-data
StartServers 1
DocumentRoot /var/www/html
<Directory /var/www/html>
    Require all granted
</Directory>
`;

/**
 * The LSB script: apache2 where it is installed (and where its worker user can be taken), else the small web server of
 * `quorate agent web`, which says in its page that it stands in.
 */
function httpdScript(): string {
  return `#!/bin/sh
### BEGIN INIT INFO
# Provides:          httpd
# Required-Start:    $network
# Required-Stop:     $network
# Default-Start:
# Default-Stop:
# Short-Description: A web server for the lab
### END INIT INFO
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
pidfile=/run/httpd/httpd.pid

pid() { [ -r "$pidfile" ] && read -r number < "$pidfile" && [ -n "$number" ] && echo "$number"; }
running() { number=$(pid) && kill -0 "$number" 2>/dev/null; }

start() {
    if running; then echo 'httpd is running already'; return 0; fi
    mkdir -p /run/httpd /var/log/httpd
    rm -f "$pidfile"
    if [ -e /etc/httpd/use-apache ]; then
        apache2 -f /etc/httpd/httpd.conf -k start || return 1
    else
        setsid ${PROGRAMS}/quorate agent web /var/www/html "$pidfile" < /dev/null > /var/log/httpd/error_log 2>&1 &
    fi
    turns=0
    while [ $turns -lt 100 ]; do
        running && { echo 'Starting httpd: [  OK  ]'; return 0; }
        turns=$((turns + 1))
        sleep 0.05
    done
    echo 'httpd did not start; see /var/log/httpd/error_log' >&2
    return 1
}

stop() {
    running || { rm -f "$pidfile"; echo 'httpd is stopped'; return 0; }
    number=$(pid)
    kill -TERM "$number"
    turns=0
    while kill -0 "$number" 2>/dev/null; do
        turns=$((turns + 1))
        [ $turns -gt 100 ] && kill -KILL "$number"
        sleep 0.05
    done
    rm -f "$pidfile"
    echo 'Stopping httpd: [  OK  ]'
}

case "$1" in
start) start ;;
stop) stop ;;
restart | force-reload) stop && start ;;
status)
    if running; then echo "httpd (pid $(pid)) is running..."; exit 0; fi
    [ -e "$pidfile" ] && { echo 'httpd dead but pid file exists'; exit 1; }
    echo 'httpd is stopped'
    exit 3
    ;;
*)
    echo "Usage: $0 {start|stop|restart|force-reload|status}" >&2
    exit 2
    ;;
esac
`;
}

/** Files of the web server, path below / → [mode, text]. */
export function webFiles(host: string): readonly (readonly [string, number, string])[] {
  return [
    ["/etc/httpd/httpd.conf", 0o644, apacheConfiguration],
    ["/etc/init.d/httpd", 0o755, httpdScript()],
    [
      "/var/www/html/index.html",
      0o644,
      `<html><head><title>${host}</title></head><body><h1>This page comes from ${host}</h1></body></html>\n`,
    ],
  ];
}
