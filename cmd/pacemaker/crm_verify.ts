/** crm_verify: is a configuration valid, and would the cluster be able to use it (spec/outputs-and-tools.md C1, C2). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { exitOfResult, Rc, resultText } from "../../lib/base/result-code.ts";
import { type CibDoc, cibDoc } from "../../lib/cib/document.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { openCib } from "../../lib/client/cib-source.ts";
import {
  schemaLines,
  type Verification,
  verifyConfiguration,
} from "../../lib/view/verification.ts";
import { parseXmlBytes, XmlError } from "../../lib/xml/parse.ts";
import { writeXml } from "../../lib/xml/write.ts";
import { OUTPUT_OPTIONS, PlainError, type ToolOutput, withOutput } from "./tool-output.ts";
import { xmlInput } from "./xml-input.ts";

/** Exit codes of 1.1.10, which scripts of that time know. */
const CLASSIC_ERRORS = 2;
const CLASSIC_WARNINGS = 1;

/** Reads the configuration that the options name. */
async function readConfiguration(given: ParsedOptions, session: Session): Promise<CibDoc> {
  const file = given.value("xml-file");
  if (file !== undefined && !session.exists(file)) {
    throw failed(Rc.unpackError, `${file}: no such file`);
  }
  const input = await xmlInput(given, session);
  if (input === undefined) {
    if (given.flag("live-check")) return await liveConfiguration(session);
    throw new CrmError("No input specified: use -L, -x, -X or -p", Exit.error);
  }
  try {
    const root = parseXmlBytes(input.data, input.name, { comments: true });
    if (root.name === "cib") return cibDoc(root);
    const what = `Input is not a CIB (outermost element is <${root.name}> not <cib>)`;
    throw new PlainError(what, Exit.configError);
  } catch (error) {
    if (error instanceof XmlError) throw failed(Rc.unpackError, error.message);
    throw error;
  }
}

function failed(rc: number, why: string): CrmError {
  return new CrmError(`Verification failed: ${resultText(rc)} (${why})`, exitOfResult(rc));
}

async function liveConfiguration(session: Session): Promise<CibDoc> {
  try {
    const source = await openCib(session, { readOnly: true });
    try {
      return await source.document();
    } finally {
      source.close();
    }
  } catch (error) {
    const rc = resultCodeOf(error);
    if (rc === undefined) throw error;
    throw failed(rc, (error as Error).message);
  }
}

/** The text of 1.1.10. */
function classicResult(
  verification: Verification,
  output: ToolOutput,
  verbosity: number,
  quiet: boolean,
): ToolResult {
  for (const line of schemaLines(verification)) output.error(line);
  if (verbosity > 0) {
    const level = (word: string) => word.padStart(8);
    if (verification.schemaProblems.length > 0) {
      output.error(`${level("error")}: main: \tCIB did not pass DTD/schema validation`);
    }
    for (const { level: word, source, text } of verification.messages) {
      if (word === "error" || word === "warning") {
        output.error(`${level(word)}: ${source}: \t${text}`);
      }
    }
  }
  if (verification.unusable !== undefined) output.error(verification.unusable);
  const { hasErrors, hasWarnings } = verification;
  if (!quiet && hasErrors) {
    output.error("Errors found during check: config not valid");
    if (verbosity === 0) output.error("  -V may provide more details");
  } else if (!quiet && hasWarnings) {
    output.error("Warnings found during check: config may not be valid");
    if (verbosity === 0) output.error("  Use -V for more details");
  }
  return output.finish(hasErrors ? CLASSIC_ERRORS : hasWarnings ? CLASSIC_WARNINGS : Exit.ok);
}

/** The text of current Pacemaker. */
function currentResult(
  verification: Verification,
  output: ToolOutput,
  verbosity: number,
  quiet: boolean,
): ToolResult {
  const { hasErrors, hasWarnings } = verification;
  if (verbosity > 0 && verification.blindFaith) {
    output.log("unpack_config \twarning: Blind faith: not fencing unseen nodes");
  }
  for (const line of schemaLines(verification)) {
    if (verbosity > 0 || !output.isXml) output.error(line);
  }
  if (verbosity > 0 || output.isXml) {
    for (const { level, text } of verification.messages) {
      if (level === "error" || level === "warning") output.error(`${level}: ${text}`);
    }
    if (hasErrors) output.error("error: CIB did not pass schema validation");
  }
  if (verification.unusable !== undefined) output.error(verification.unusable);
  const detail = verbosity > 0 || output.isXml ? "" : " (-V may provide more detail)";
  if (!quiet && hasErrors) output.error(`Configuration invalid${detail}`);
  else if (!quiet && hasWarnings) output.error(`Configuration may need attention${detail}`);
  return output.finish(hasErrors || hasWarnings ? Exit.configError : Exit.ok);
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const doc = await readConfiguration(given, session);
    const copy = given.value("save-xml");
    if (copy !== undefined) await session.writeFile(copy, writeXml(doc.root), 0o600);
    const verification = verifyConfiguration(doc, Math.floor(session.now() / 1000));
    const quiet = given.flag("quiet");
    const verbosity = quiet ? 0 : given.count("verbose");
    const render = verification.form === "classic" && !output.isXml ? classicResult : currentResult;
    return render(verification, output, verbosity, quiet);
  });
}

export default defineTool({
  name: "crm_verify",
  summary: "check a configuration for errors",
  usage: "(-L | -x FILE | -X XML | -p) [OPTION ...]",
  options: [
    flag("live-check", "L", "Check the running cluster's configuration", "Data"),
    value("xml-file", "x", "FILE", "Check the configuration in a file", "Data"),
    value("xml-text", "X", "XML", "Check this configuration", "Data"),
    flag("xml-pipe", "p", "Check the configuration on standard input", "Data"),
    value("save-xml", "S", "FILE", "Also write what was checked into a file", "Additional"),
    {
      key: "quiet",
      long: ["quiet"],
      short: ["q", "Q"],
      kind: "flag",
      help: "Say nothing, only end with the exit code",
      group: "Additional",
    },
    ...OUTPUT_OPTIONS,
  ],
  run,
});
