/** `quorate explain RESOURCE [NODE]`: why here, why not there, what would change it; on a file or the live cluster. */
import { CrmError, isRejection } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { cibDoc } from "../../lib/cib/document.ts";
import { upgradeRoot } from "../../lib/cib/upgrade.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { openCib } from "../../lib/client/cib-source.ts";
import { constraintScore, explain } from "../../lib/explain/explain.ts";
import { explanationText } from "../../lib/render/explanation.ts";
import { schedule } from "../../lib/scheduler/schedule.ts";

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  const [name, node, ...rest] = given.positionals;
  if (name === undefined || rest.length > 0) {
    throw new CrmError("say which resource: explain RESOURCE [NODE]", Exit.usage);
  }
  const format = given.value("output-as") ?? "text";
  if (format !== "text" && format !== "json") {
    throw new CrmError(`unknown output format '${format}': text or json`, Exit.usage);
  }
  const source = await openCib(session, { file: given.value("xml-file"), readOnly: true });
  try {
    const upgraded = upgradeRoot((await source.document()).root);
    if (isRejection(upgraded)) throw new CrmError(upgraded.text, Exit.configError);
    const now = Math.floor(session.now() / 1000);
    const plan = schedule(cibDoc(upgraded.root), now, { traceScores: true, traceCauses: true });
    const found = explain(plan, name);
    if (found.length === 0) throw new CrmError(`Resource '${name}' not found`, Exit.noSuch);
    if (node !== undefined && !plan.status.nodes.some((n) => n.name === node)) {
      throw new CrmError(`Node '${node}' not found`, Exit.noSuch);
    }
    if (format === "json")
      return { exit: Exit.ok, out: `${JSON.stringify(found, undefined, 2)}\n` };
    const scoreOf = (id: string) => constraintScore(plan.status, id);
    return { exit: Exit.ok, out: found.map((e) => explanationText(e, node, scoreOf)).join("\n") };
  } finally {
    source.close();
  }
}

export default defineTool({
  name: "explain",
  summary: "why a resource is where it is, and what would change that",
  usage: "RESOURCE [NODE] [options]",
  options: [
    {
      key: "xml-file",
      long: ["xml-file"],
      short: ["x"],
      kind: "value",
      value: "FILE",
      help: "Read a CIB from FILE instead of the live cluster",
    },
    { key: "output-as", long: ["output-as"], kind: "value", value: "FORMAT", help: "text or json" },
  ],
  run,
});
