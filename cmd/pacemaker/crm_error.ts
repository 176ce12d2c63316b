/** crm_error: what a result code means (spec/outputs-and-tools.md D18). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import {
  type CodeText,
  exitCode,
  exitNumbers,
  legacyCode,
  legacyNumbers,
  resultCode,
  resultNumbers,
} from "../../lib/base/result-code.ts";
import { flag } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { element } from "../../lib/xml/node.ts";
import { OUTPUT_OPTIONS, withOutput } from "./tool-output.ts";

interface Namespace {
  readonly describe: (code: number) => CodeText;
  readonly numbers: readonly number[];
}

const CODE_WIDTH = 5;
const NAME_WIDTH = 26;
/** crm_error lists legacy numbers from the manager's own on. */
const FIRST_LISTED_LEGACY = 0;

function namespaceOf(given: ParsedOptions): Namespace {
  if (given.flag("exit")) return { describe: exitCode, numbers: exitNumbers() };
  if (given.flag("rc")) return { describe: resultCode, numbers: resultNumbers() };
  const numbers = legacyNumbers().filter((n) => n >= FIRST_LISTED_LEGACY);
  return { describe: legacyCode, numbers };
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const { describe, numbers } = namespaceOf(given);
    const withNames = given.flag("name");
    const isList = given.flag("list") || given.positionals.length === 0;
    const codes = isList ? numbers : given.positionals.map(parseCode);
    for (const code of codes) {
      const { name, text } = describe(code);
      const named = withNames ? { name } : {};
      output.xml(element("result-code", { code: String(code), ...named, description: text }));
      if (!isList) output.line(withNames ? `${name} - ${text}` : text);
      else {
        const words = withNames ? `${name.padEnd(NAME_WIDTH)}  ${text}` : text;
        output.line(`${String(code).padStart(CODE_WIDTH)}: ${words}`);
      }
    }
    return output.finish(Exit.ok);
  });
}

function parseCode(word: string): number {
  if (!/^-?\d+$/.test(word)) throw new CrmError(`'${word}' is no number`, Exit.usage);
  return Number(word);
}

export default defineTool({
  name: "crm_error",
  summary: "what a result code means",
  usage: "[-X | -r] [-n] [-l | CODE ...]",
  options: [
    flag("name", "n", "Show the code's name too"),
    flag("list", "l", "Show all known codes"),
    flag("exit", "X", "The codes are exit codes of tools"),
    flag("rc", "r", "The codes are the manager's result codes"),
    ...OUTPUT_OPTIONS,
  ],
  run,
});
