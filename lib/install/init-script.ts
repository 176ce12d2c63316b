/**
 * The texts an installation writes: the LSB script for `service corosync start` as the seed types it, and systemd units.
 * LSB status codes: 0 running, 1 dead but pid file exists, 3 not running.
 */

/** Where corosync keeps the number of its process (its daemon writes it, the scripts read it). */
export const COROSYNC_PID_FILE = "/run/corosync.pid";

/**
 * /etc/init.d/corosync. `programs` is the folder of the links. Starting waits until the daemon answers, so that the next
 * command of an administrator finds it; stopping waits until it has left the ring (resources stop first).
 */
export function corosyncInitScript(programs: string): string {
  return `#!/bin/sh
### BEGIN INIT INFO
# Provides:          corosync
# Required-Start:    $network $remote_fs $syslog
# Required-Stop:     $network $remote_fs $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Corosync Cluster Engine (Quorate)
# Description:       Starts the ring; with "service { name: pacemaker ver: 0 }" the manager too.
### END INIT INFO

daemon=${programs}/corosync
pidfile=${COROSYNC_PID_FILE}
PATH=${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

pid() {
    [ -r "$pidfile" ] && read -r number < "$pidfile" && [ -n "$number" ] && echo "$number"
}

running() {
    number=$(pid) && kill -0 "$number" 2>/dev/null
}

start() {
    printf 'Starting Corosync Cluster Engine (corosync): '
    if running; then echo '[  OK  ]'; return 0; fi
    [ -x "$daemon" ] || { echo '[FAILED]'; echo "$daemon is not installed" >&2; return 5; }
    if "$daemon" "$@" < /dev/null; then
        turns=0
        while [ $turns -lt 100 ]; do
            if running && corosync-cfgtool -s > /dev/null 2>&1; then echo '[  OK  ]'; return 0; fi
            turns=$((turns + 1))
            sleep 0.1
        done
    fi
    echo '[FAILED]'
    return 1
}

stop() {
    if ! running; then echo 'Corosync Cluster Engine (corosync) is stopped'; return 0; fi
    printf 'Signaling Corosync Cluster Engine (corosync) to terminate: '
    number=$(pid)
    kill -TERM "$number" && echo '[  OK  ]'
    printf 'Waiting for corosync services to unload:'
    while kill -0 "$number" 2>/dev/null; do printf .; sleep 0.2; done
    echo '[  OK  ]'
}

case "$1" in
start)
    shift
    start "$@"
    ;;
stop)
    stop
    ;;
restart | force-reload)
    stop && start
    ;;
reload)
    corosync-cfgtool -R
    ;;
condrestart | try-restart)
    running || exit 0
    stop && start
    ;;
status)
    if running; then echo "corosync (pid $(pid)) is running..."; exit 0; fi
    if [ -e "$pidfile" ]; then echo 'corosync dead but pid file exists'; exit 1; fi
    echo 'corosync is stopped'
    exit 3
    ;;
*)
    echo "Usage: $0 {start|stop|restart|reload|force-reload|condrestart|try-restart|status}" >&2
    exit 2
    ;;
esac
`;
}

/** corosync.service: the ring; in the ver: 0 form the manager is its child and stops with it. */
export function corosyncUnit(programs: string): string {
  return `[Unit]
Description=Corosync Cluster Engine (Quorate)
Documentation=man:corosync.conf(5)
ConditionKernelCommandLine=!nocluster
ConditionPathExists=/etc/corosync/corosync.conf
Requires=network-online.target
After=network-online.target

[Service]
Type=simple
ExecStart=${programs}/corosync -f
KillMode=mixed
TimeoutStopSec=60min
Restart=no
TasksMax=infinity
LimitMEMLOCK=infinity
LimitCORE=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** pacemaker.service: the manager under systemd, for configurations that do not let corosync start it. */
export function pacemakerUnit(programs: string): string {
  return `[Unit]
Description=Pacemaker High Availability Cluster Manager (Quorate)
After=network.target time-sync.target dbus.service rsyslog.service corosync.service
Requires=corosync.service
StartLimitIntervalSec=25s
StartLimitBurst=5

[Service]
Type=simple
ExecStart=${programs}/pacemakerd
KillMode=process
NotifyAccess=main
SuccessExitStatus=100
TimeoutStopSec=30min
TimeoutStartSec=60s
Restart=on-failure
SendSIGKILL=no
TasksMax=infinity
LimitCORE=infinity

[Install]
WantedBy=multi-user.target
`;
}
