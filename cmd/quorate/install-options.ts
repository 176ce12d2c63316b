/** The options that `quorate install` and `quorate uninstall` share, read into the layout of lib/install. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { OptionSpec, ParsedOptions } from "../../lib/cli/tool.ts";
import type { InstallOptions } from "../../lib/install/layout.ts";
import { applets } from "../applets.ts";
import { ownBinary } from "./own-binary.ts";

export const INSTALL_OPTIONS: readonly OptionSpec[] = [
  {
    key: "prefix",
    long: ["prefix"],
    kind: "value",
    value: "DIR",
    help: "Programs go to DIR/sbin (default: /usr/local)",
  },
  {
    key: "root",
    long: ["root"],
    kind: "value",
    value: "DIR",
    help: "Put everything below DIR, to make a package",
  },
  { key: "systemd", long: ["systemd"], kind: "flag", help: "Units for systemd" },
  { key: "sysv", long: ["sysv"], kind: "flag", help: "Scripts for /etc/init.d" },
];

/** Both kinds of start scripts when both or none are asked for; systemd only where it runs. */
function initKind(options: ParsedOptions): InstallOptions["init"] {
  const systemd = options.flag("systemd");
  const sysv = options.flag("sysv");
  if (systemd !== sysv) return systemd ? "systemd" : "sysv";
  if (systemd) return "both";
  return existsSync("/run/systemd/system") ? "systemd" : "sysv";
}

export function readInstallOptions(options: ParsedOptions): InstallOptions {
  const root = options.value("root");
  return {
    prefix: resolve(options.value("prefix") ?? "/usr/local"),
    root: root === undefined || resolve(root) === "/" ? "" : resolve(root),
    init: initKind(options),
    tools: Object.entries(applets)
      .filter(([, a]) => a.group !== "quorate")
      .map(([name]) => name),
    binary: ownBinary(),
  };
}
