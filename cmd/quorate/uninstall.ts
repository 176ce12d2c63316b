/** `quorate uninstall`: removes what `quorate install` with the same options put, and nothing else. */
import { Exit } from "../../lib/base/exit.ts";
import { defineTool } from "../../lib/cli/tool.ts";
import { installSteps } from "../../lib/install/layout.ts";
import { inverse } from "../../lib/install/steps.ts";
import { carryOutRemoval } from "./files.ts";
import { INSTALL_OPTIONS, readInstallOptions } from "./install-options.ts";

export default defineTool({
  name: "uninstall",
  summary: "remove what install put in place",
  usage: "[--prefix DIR] [--root DIR] [--systemd|--sysv] [--purge]",
  options: [
    ...INSTALL_OPTIONS,
    {
      key: "purge",
      long: ["purge"],
      kind: "flag",
      help: "The cluster's configuration, state and logs too",
    },
  ],
  run: async (options) => {
    const steps = installSteps({ ...readInstallOptions(options), init: "both" });
    const notes = carryOutRemoval(inverse(steps, options.flag("purge")));
    return { exit: Exit.ok, err: notes.map((n) => `note: ${n}\n`).join("") };
  },
});
