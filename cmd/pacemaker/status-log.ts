/**
 * Where the messages of reading a status go: to stderr, as the original's log would put them there, when -V or the
 * environment's PCMK_stderr asks (spec/outputs-and-tools B1.3, D0.5).
 */
import type { ParsedOptions, Session } from "../../lib/cli/tool.ts";
import type { ClusterStatus } from "../../lib/status/state.ts";
import { textForm } from "../../lib/view/form.ts";
import { statusMessages } from "../../lib/view/status-messages.ts";

/** PCMK_stderr is set to something true. */
function logsToStderr(session: Session): boolean {
  return /^(1|yes|y|true|on)$/i.test(session.env["PCMK_stderr"] ?? "");
}

/** Prints what reading this status had to say, if somebody wants to know. */
export function logStatus(given: ParsedOptions, session: Session, status: ClusterStatus): void {
  if (given.count("verbose") === 0 && !logsToStderr(session)) return;
  const form = textForm(status.options.texts.get("cluster-infrastructure"));
  for (const { level, source, text } of statusMessages(status, form)) {
    const head =
      form === "classic" ? `${level.padStart(8)}: ${source}: \t` : `${source} \t${level}: `;
    session.warn(`${head}${text}\n`);
  }
}
