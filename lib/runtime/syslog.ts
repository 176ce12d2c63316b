/** Lines for syslog: datagrams to /dev/log in the traditional form. Where nobody listens, lines are dropped silently. */
import type { LogLevel } from "../base/core.ts";
import { epochMs } from "./clock.ts";
import { closeFd, datagramClient, sendMessage } from "./ffi/socket.ts";

const FACILITIES: Readonly<Record<string, number>> = {
  user: 1,
  daemon: 3,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

const SEVERITIES: Readonly<Record<LogLevel, number>> = {
  crit: 2,
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
  trace: 7,
};

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const SOCKET_PATH = "/dev/log";
const SOCKET_BYTES = 64 * 1024;
const DEFAULT_FACILITY = 3;

export interface Syslog {
  write(level: LogLevel, text: string): void;
  close(): void;
}

/** `Mmm dd hh:mm:ss` of local time, the day padded with a blank. */
export function traditionalStamp(atMs: number): string {
  const date = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock}`;
}

/** A writer for the tag `name`. It connects with the first line and again after the daemon's restart. */
export function openSyslog(name: string, facility: string, path = SOCKET_PATH): Syslog {
  const code = (FACILITIES[facility] ?? DEFAULT_FACILITY) * 8;
  let fd = -1;
  const drop = () => {
    if (fd >= 0) closeFd(fd);
    fd = -1;
  };
  const send = (message: Uint8Array): boolean => {
    if (fd < 0) fd = datagramClient(path, SOCKET_BYTES) ?? -1;
    return fd >= 0 && sendMessage(fd, message) === 0;
  };
  return {
    write(level, text) {
      const head = `<${code + SEVERITIES[level]}>${traditionalStamp(epochMs())}`;
      const message = new TextEncoder().encode(`${head} ${name}[${process.pid}]: ${text}`);
      if (send(message)) return;
      drop();
      send(message);
    },
    close: drop,
  };
}
