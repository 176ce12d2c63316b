/** crm_diff: the difference of two documents as a patchset, and applying one (spec/outputs-and-tools.md D2.5). */
import { CrmError, isRejection } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import type { XmlElement } from "../../lib/xml/node.ts";
import { parseXmlBytes, XmlError } from "../../lib/xml/parse.ts";
import { applyPatchset, makePatchset, withoutVersions } from "../../lib/xml/patch.ts";
import { writeXml } from "../../lib/xml/write.ts";
import { cdataElement, OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

type Role = "original" | "new" | "patch";

/** The document of a role: from a file, from a string, or from standard input for "-". */
async function read(
  given: ParsedOptions,
  session: Session,
  role: Role,
): Promise<XmlElement | undefined> {
  const text = given.value(`${role}-string`);
  const file = given.value(role);
  if (text === undefined && file === undefined) return undefined;
  const isStdin = text === undefined && file === "-";
  const data =
    text !== undefined
      ? new TextEncoder().encode(text)
      : isStdin
        ? await session.readStdin()
        : await session.readFile(file ?? "");
  try {
    return parseXmlBytes(data, file ?? "string", { comments: true });
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new CrmError(`Failed to parse ${role} XML: ${error.message}`, Exit.dataError);
  }
}

function applyPatch(output: ToolOutput, original: XmlElement, patch: XmlElement): ToolResult {
  const result = applyPatchset(original, patch);
  if (isRejection(result)) {
    const text = `Could not apply patch: ${resultText(result.rc)}`;
    return output.finish(exitOfResult(result.rc), text);
  }
  const text = writeXml(result);
  output.raw(text);
  output.xml(cdataElement("updated", text));
  return output.finish(Exit.ok);
}

function compare(
  given: ParsedOptions,
  output: ToolOutput,
  original: XmlElement,
  next: XmlElement,
): ToolResult {
  if (original.name !== next.name) {
    const text = `<${original.name}> and <${next.name}> have nothing in common to compare`;
    return output.finish(Exit.dataError, text);
  }
  const noVersion = given.flag("no-version");
  const isCib = given.flag("cib");
  const patchset = makePatchset(
    noVersion ? withoutVersions(original) : original,
    noVersion ? withoutVersions(next) : next,
    {
      versions: !noVersion && original.name === "cib",
      digest: isCib,
      attrOrder: !isCib,
    },
  );
  if (patchset === undefined) return output.finish(Exit.ok);
  const text = writeXml(patchset);
  output.raw(text);
  output.xml(cdataElement("patchset", text));
  return output.finish(Exit.error);
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const noVersion = given.flag("no-version");
    if (noVersion && given.flag("cib")) {
      return output.finish(Exit.usage, "-u/--no-version incompatible with -c/--cib");
    }
    if (given.value("original") === undefined && given.value("original-string") === undefined) {
      const text = "Either --original or --original-string must be specified";
      return output.finish(Exit.usage, text);
    }
    const others = ["new", "new-string", "patch"];
    if (others.every((key) => given.value(key) === undefined)) {
      const text = "Either --new, --new-string, or --patch must be specified";
      return output.finish(Exit.usage, text);
    }
    if (noVersion && given.value("patch") !== undefined) {
      output.error("Warning: -u/--no-version ignored with -p/--patch");
    }
    const original = await read(given, session, "original");
    const patch = await read(given, session, "patch");
    if (original === undefined) throw new CrmError("nothing to compare", Exit.usage);
    if (patch !== undefined) return applyPatch(output, original, patch);
    const next = await read(given, session, "new");
    if (next === undefined) throw new CrmError("nothing to compare with", Exit.usage);
    return compare(given, output, original, next);
  });
}

export default defineTool({
  name: "crm_diff",
  summary: "the difference of two configurations, and applying one",
  usage: "(-o FILE | -O XML) (-n FILE | -N XML | -p FILE) [OPTION ...]",
  options: [
    value("original", "o", "FILE", "Document to begin with; - is standard input", "Data"),
    value("original-string", "O", "XML", "The same as text", "Data"),
    value("new", "n", "FILE", "Document to compare with; - is standard input", "Data"),
    value("new-string", "N", "XML", "The same as text", "Data"),
    value("patch", "p", "FILE", "Difference to apply to the original", "Data"),
    flag("cib", "c", "Compare as configurations: with versions and a digest", "Additional"),
    flag("no-version", "u", "Leave versions out of the difference", "Additional"),
    ...OUTPUT_OPTIONS,
  ],
  run,
});
