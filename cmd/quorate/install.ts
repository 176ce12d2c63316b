/** `quorate install [--prefix DIR] [--systemd|--sysv]`: puts links, scripts and folders in place (lib/install decides which). */
import { Exit } from "../../lib/base/exit.ts";
import { defineTool } from "../../lib/cli/tool.ts";
import { installSteps } from "../../lib/install/layout.ts";
import { carryOutInstall } from "./files.ts";
import { INSTALL_OPTIONS, readInstallOptions } from "./install-options.ts";

export default defineTool({
  name: "install",
  summary: "put the links of all tools, start scripts and folders in place",
  usage: "[--prefix DIR] [--root DIR] [--systemd|--sysv]",
  options: INSTALL_OPTIONS,
  run: async (options) => {
    const layout = readInstallOptions(options);
    const notes = carryOutInstall(installSteps(layout));
    const start = layout.init === "systemd" ? "systemctl start corosync" : "service corosync start";
    return {
      exit: Exit.ok,
      out:
        `Quorate is installed: ${layout.tools.length} tools in ${layout.root}${layout.prefix}/sbin.\n` +
        "Next: cd /etc/corosync; mv corosync.conf.example corosync.conf; edit it; corosync-keygen;\n" +
        `copy both files to all nodes; then on each: ${start}\n`,
      err: notes.map((n) => `note: ${n}\n`).join(""),
    };
  },
});
