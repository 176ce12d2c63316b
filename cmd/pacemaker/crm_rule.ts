/** crm_rule: is a rule of the configuration in effect (spec/outputs-and-tools.md D12). */
import { CrmError, isRejection } from "../../lib/base/error.ts";
import { Exit, type ExitCode } from "../../lib/base/exit.ts";
import { exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { flag, list, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { openCib } from "../../lib/client/cib-source.ts";
import { type DateOutcome, evaluateDateExpression } from "../../lib/rules/date-expression.ts";
import { zoneOffset } from "../../lib/runtime/zone.ts";
import { parseDateTime } from "../../lib/time/iso8601.ts";
import { attr, child, childrenOf, element, type XmlElement } from "../../lib/xml/node.ts";
import { parseXmlBytes, XmlError } from "../../lib/xml/parse.ts";
import { OUTPUT_OPTIONS, withOutput } from "./tool-output.ts";

interface Verdict {
  readonly exit: ExitCode;
  readonly text: string;
  readonly isError: boolean;
}

const OUTCOMES: Readonly<Record<DateOutcome, readonly [ExitCode, string]>> = {
  "within-range": [Exit.ok, "is still in effect"],
  satisfied: [Exit.ok, "satisfies conditions"],
  "after-range": [Exit.expired, "is expired"],
  "before-range": [Exit.notYet, "has not yet taken effect"],
  unsatisfied: [Exit.unsatisfied, "does not satisfy conditions"],
  undetermined: [Exit.indeterminate, ""],
};

function unclear(id: string, why: string, exit: ExitCode): Verdict {
  const text = `Could not determine whether rule ${id} is in effect: ${why}`;
  return { exit, text, isError: true };
}

/** Rules of this id anywhere below the constraints. */
function rulesNamed(root: XmlElement, id: string): readonly XmlElement[] {
  const configuration = child(root, "configuration");
  const constraints = configuration === undefined ? undefined : child(configuration, "constraints");
  const found: XmlElement[] = [];
  const visit = (node: XmlElement): void => {
    if (node.name === "rule" && attr(node, "id") === id) found.push(node);
    node.children.forEach(visit);
  };
  if (constraints !== undefined) visit(constraints);
  return found;
}

/** What can be said of a rule at a time. */
function check(root: XmlElement, id: string, now: number, offset: number): Verdict {
  const [rule, second] = rulesNamed(root, id);
  if (rule === undefined) return unclear(id, "Rule not found", Exit.noSuch);
  if (second !== undefined) {
    return unclear(id, "Found more than one rule with matching ID", Exit.multiple);
  }
  const [date, another] = childrenOf(rule, "date_expression");
  if (date === undefined) {
    return unclear(id, "Rule does not have a date expression", Exit.unimplemented);
  }
  if (another !== undefined) {
    return unclear(id, "Rule has more than one date expression", Exit.unimplemented);
  }
  const spec = child(date, "date_spec");
  // Only years tell whether a specification is over or still to come.
  if (spec !== undefined && attr(spec, "years") === undefined) {
    const why = "Rule must either not use date_spec, or use date_spec with years=";
    return unclear(id, why, Exit.unimplemented);
  }
  const { outcome, problem } = evaluateDateExpression(date, { now, offset });
  const [exit, text] = OUTCOMES[outcome];
  if (outcome === "undetermined") return unclear(id, problem ?? "unexpected error", exit);
  return { exit, text: `Rule ${id} ${text}`, isError: false };
}

/** The configuration: from a text, from standard input, or the one that the environment names. */
async function readRoot(given: ParsedOptions, session: Session): Promise<XmlElement> {
  const text = given.value("xml-text");
  if (text === undefined) {
    try {
      const source = await openCib(session, { readOnly: true });
      try {
        return (await source.document()).root;
      } finally {
        source.close();
      }
    } catch (error) {
      const rc = resultCodeOf(error);
      if (rc === undefined) throw error;
      throw new CrmError(`Could not read the CIB: ${resultText(rc)}`, exitOfResult(rc));
    }
  }
  const isPipe = text === "-";
  const data = isPipe ? await session.readStdin() : new TextEncoder().encode(text);
  try {
    return parseXmlBytes(data, isPipe ? "STDIN" : "input string");
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    const what = isPipe ? "from STDIN" : `string: ${text}`;
    throw new CrmError(`Couldn't parse input ${what} (${error.reason})`, Exit.dataError);
  }
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    if (!given.flag("check")) throw new CrmError("No mode operation given", Exit.usage);
    const ids = given.list("rule");
    if (ids.length === 0) throw new CrmError("--check requires use of --rule=", Exit.usage);
    let now = Math.floor(session.now() / 1000);
    let offset = zoneOffset(now);
    const word = given.value("date");
    if (word !== undefined && word !== "") {
      const time = parseDateTime(word, { now, offset });
      if (isRejection(time)) {
        throw new CrmError(`Invalid date specified: '${word}'`, Exit.dataError);
      }
      now = time.epoch;
      offset = time.offset;
    }
    const root = await readRoot(given, session);
    let exit: ExitCode = Exit.ok;
    for (const id of ids) {
      const verdict = check(root, id, now, offset);
      if (verdict.exit !== Exit.ok) exit = verdict.exit;
      if (verdict.isError) output.error(verdict.text);
      else output.line(verdict.text);
      output.xml(element("rule-check", { "rule-id": id, rc: String(verdict.exit) }));
    }
    return output.finish(exit);
  });
}

export default defineTool({
  name: "crm_rule",
  summary: "is a rule of the configuration in effect",
  usage: "-c -r RULE [-d DATE] [-X XML]",
  options: [
    flag("check", "c", "Say whether the rules are in effect", "Commands"),
    list("rule", "r", "RULE", "Id of a rule; may be given several times", "Selection"),
    value("date", "d", "DATE", "At this time (default: now)", "Selection"),
    value("xml-text", "X", "XML", "Use this configuration; - reads standard input", "Data"),
    ...OUTPUT_OPTIONS,
  ],
  run,
});
