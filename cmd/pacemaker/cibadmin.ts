/** cibadmin: query and edit the cluster's configuration (spec/outputs-and-tools.md D6). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { exitOfResult, Rc, resultText } from "../../lib/base/result-code.ts";
import { isExempt } from "../../lib/cib/acl.ts";
import { sectionPaths } from "../../lib/cib/elements.ts";
import { CallOption, type CibOperation, emptyCib } from "../../lib/cib/operations.ts";
import { schemaOf } from "../../lib/cib/schema.ts";
import { problemText, validateCib } from "../../lib/cib/validate.ts";
import { helpText } from "../../lib/cli/help.ts";
import { flag, optional, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type Tool,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { type CibAnswer, openCib } from "../../lib/client/cib-source.ts";
import { onDiskDigest, versionedDigest } from "../../lib/xml/digest.ts";
import { attr, childrenOf, element, type XmlElement } from "../../lib/xml/node.ts";
import { parseXmlBytes, XmlError } from "../../lib/xml/parse.ts";
import { writeXml } from "../../lib/xml/write.ts";
import { type AccessForm, renderAccess } from "./show-access.ts";
import { OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";
import { xmlInput } from "./xml-input.ts";

const DANGEROUS =
  "The supplied command is considered dangerous. To prevent accidental destruction of the " +
  "cluster, the --force flag is required in order to proceed.";

const command = (key: string, short: string, help: string) => flag(key, short, help, "Commands");

const options: readonly OptionSpec[] = [
  command("upgrade", "u", "Bring the configuration to the latest syntax"),
  command("query", "Q", "Show the configuration, or a part of it (the default)"),
  command("erase", "E", "Empty the whole configuration"),
  command("bump", "B", "Raise the configuration's epoch by one"),
  command("create", "C", "Add an element; fails when it exists"),
  command("modify", "M", "Merge an element into the one that is there (see --allow-create)"),
  command("patch", "P", "Apply a difference as crm_diff makes it"),
  command("replace", "R", "Replace an element, with all below it"),
  command("delete", "D", "Remove the first element with this name and these attributes"),
  command("delete-all", "d", "With --xpath, remove all that match"),
  optional("empty", "a", "SCHEMA", "Print a configuration without content", "Commands"),
  command("md5-sum", "5", "Digest of a document as it is on disk"),
  command("md5-sum-versioned", "6", "Digest of a document that ignores who wrote it"),
  optional(
    "show-access",
    "S",
    "FORM",
    "With --query and --user: show what that user may do (color, text, namespace, auto)",
    "Commands",
  ),
  value("xml-text", "X", "XML", "Take the element from this text", "Data"),
  value("xml-file", "x", "FILE", "Take the element from a file", "Data"),
  flag("xml-pipe", "p", "Take the element from standard input", "Data"),
  flag("force", "f", "Do it although it is dangerous", "Additional"),
  value("timeout", "t", "SECONDS", "How long to wait (default 30)", "Additional"),
  value("user", "U", "USER", "Act with the rights of this user (root only)", "Additional"),
  {
    key: "scope",
    long: ["scope"],
    short: ["o"],
    kind: "value",
    value: "SECTION",
    help: `Only this section: ${[...sectionPaths().keys()].filter((s) => s !== "cib").join(", ")}`,
    group: "Additional",
  },
  value("xpath", "A", "XPATH", "Only what this XPath finds", "Additional"),
  flag("score", undefined, "Understand name++ and name+=N in --modify (always on)", "Additional"),
  flag("allow-create", "c", "With --modify: create what is not there", "Additional"),
  flag("no-children", "n", "With --query: without what is below", "Additional"),
  flag("node-path", "e", "With --xpath: print where the matches are", "Additional"),
  flag("sync-call", "s", "Accepted for compatibility: calls always wait", "Additional"),
  flag("local", "l", "Ask only this node", "Additional"),
  {
    key: "node",
    long: ["node"],
    short: ["N"],
    kind: "value",
    value: "NODE",
    help: "Accepted for compatibility: every member carries out every change",
    group: "Additional",
    hidden: true,
  },
  ...OUTPUT_OPTIONS,
];

/** Command words → operation on the CIB. */
const OPERATIONS: Readonly<Record<string, CibOperation>> = {
  query: "cib_query",
  upgrade: "cib_upgrade",
  erase: "cib_erase",
  bump: "cib_bump",
  create: "cib_create",
  modify: "cib_modify",
  patch: "cib_apply_diff",
  replace: "cib_replace",
  delete: "cib_delete",
  "delete-all": "cib_delete",
};

const OTHER_COMMANDS: ReadonlySet<string> = new Set(["empty", "md5-sum", "md5-sum-versioned"]);
const NEEDS_DATA: ReadonlySet<string> = new Set([
  "create",
  "modify",
  "patch",
  "replace",
  "md5-sum",
  "md5-sum-versioned",
]);
const UNSAFE: ReadonlySet<string> = new Set(["upgrade", "erase", "delete-all"]);

/** The command that counts: the last one given. */
function commandOf(given: ParsedOptions): string {
  const last = given.order.findLast(
    ({ key }) => OPERATIONS[key] !== undefined || OTHER_COMMANDS.has(key),
  );
  return last?.key ?? "query";
}

/** The element that the options supply. */
async function readData(given: ParsedOptions, session: Session): Promise<XmlElement | undefined> {
  const input = await xmlInput(given, session);
  if (input === undefined) return undefined;
  const { data, name } = input;
  try {
    return parseXmlBytes(data, name, { comments: true });
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    const place = error.line === undefined ? "" : ` (line ${error.line})`;
    const text = `Couldn't parse input from ${name}: ${error.reason}${place}`;
    throw new CrmError(text, Exit.configError);
  }
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    if (given.positionals.length > 0) {
      const words = given.positionals.join(" ");
      output.error(`${session.program}: non-option ARGV-elements: ${words}`);
      if (!output.isXml) output.error(`\n${helpText(tool).trimEnd()}`);
      return output.finish(Exit.usage);
    }
    const name = commandOf(given);
    if (UNSAFE.has(name) && !given.flag("force")) return output.finish(Exit.unsafe, DANGEROUS);
    const timeout = given.value("timeout");
    if (timeout !== undefined && !(Number.parseInt(timeout, 10) > 0)) {
      output.error("Timeout must be positive, defaulting to 30");
    }
    if (name === "empty") return printEmpty(given, output);
    const form = accessForm(given, session, name);
    const data = await readData(given, session);
    const needsTarget = name === "delete" || name === "delete-all";
    if (data === undefined && NEEDS_DATA.has(name)) {
      const text = "The supplied command requires input via --xml-file, --xml-text, or --xml-pipe";
      return output.finish(Exit.usage, text);
    }
    if (needsTarget && data === undefined && given.value("xpath") === undefined) {
      const text =
        "The supplied command requires either --xpath or input via --xml-file, --xml-text, or --xml-pipe";
      return output.finish(Exit.usage, text);
    }
    if (name === "md5-sum" || name === "md5-sum-versioned") {
      const digest = name === "md5-sum" ? onDiskDigest(data!) : versionedDigest(data!);
      output.line(digest);
      output.xml(element("md5-sum", { digest }));
      return output.finish(Exit.ok);
    }
    return apply(given, session, output, name, data, form);
  });
}

function printEmpty(given: ParsedOptions, output: ToolOutput): ToolResult {
  const schema = given.value("empty");
  if (schema !== undefined && schema !== "" && schemaOf(schema) === undefined) {
    return output.finish(Exit.usage, `'${schema}' is no schema this program knows`);
  }
  const { root } = emptyCib(schema === undefined || schema === "" ? {} : { schema });
  output.document(writeXml(root));
  return output.finish(Exit.ok);
}

/** How --show-access wants it; undefined when it was not asked for. */
function accessForm(given: ParsedOptions, session: Session, name: string): AccessForm | undefined {
  const wanted = given.value("show-access");
  if (wanted === undefined || name !== "query") return undefined;
  if (given.value("user") === undefined) {
    throw new CrmError("-U/--user is required with -S/--show-access", Exit.usage);
  }
  switch (wanted) {
    case "color":
    case "text":
    case "namespace":
      return wanted;
    case "":
    case "auto":
      return session.columns === undefined ? "text" : "color";
    default:
      throw new CrmError(`Invalid value '${wanted}' for option '--show-access'`, Exit.usage);
  }
}

/** The section or XPath that the operation is limited to: the last one given counts. */
function scopeOf(
  given: ParsedOptions,
  output: ToolOutput,
): { readonly section: string | undefined; readonly isXPath: boolean } {
  const last = given.order.findLast(({ key }) => key === "scope" || key === "xpath");
  if (last === undefined) return { section: undefined, isXPath: false };
  if (last.key === "xpath") return { section: last.value, isXPath: true };
  if (sectionPaths().has(last.value)) return { section: last.value, isXPath: false };
  output.error(
    `Invalid value '${last.value}' for '--scope'. Operation will apply to the entire CIB`,
  );
  return { section: undefined, isXPath: false };
}

function callOptions(given: ParsedOptions, name: string, isXPath: boolean): number {
  let bits = 0;
  if (isXPath) bits |= CallOption.xpath;
  if (given.flag("node-path") && isXPath) bits |= CallOption.xpathAddress;
  if (given.flag("no-children")) bits |= CallOption.noChildren;
  if (given.flag("allow-create")) bits |= CallOption.canCreate;
  if (given.flag("local")) bits |= CallOption.scopeLocal;
  if (name === "delete-all") bits |= CallOption.multiple;
  return bits;
}

async function apply(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
  name: string,
  data: XmlElement | undefined,
  form: AccessForm | undefined,
): Promise<ToolResult> {
  const { section, isXPath } = scopeOf(given, output);
  const user = given.value("user");
  let source: Awaited<ReturnType<typeof openCib>>;
  try {
    const asUser = form === undefined ? user : undefined;
    source = await openCib(session, { user: asUser, readOnly: name === "query" });
  } catch (error) {
    const rc = resultCodeOf(error);
    if (rc === undefined) throw error;
    return output.finish(
      exitOfResult(rc),
      `Could not connect to the CIB API: ${resultText(rc)} (${(error as Error).message})`,
    );
  }
  try {
    const answer = await source.apply({
      op: OPERATIONS[name] ?? "cib_query",
      section,
      data,
      options: callOptions(given, name, isXPath),
    });
    if (answer.rc !== 0) return failed(output, name, answer);
    if (answer.result !== undefined) show(given, output, answer.result, user ?? "", form);
    return output.finish(Exit.ok);
  } finally {
    source.close();
  }
}

function failed(output: ToolOutput, name: string, answer: CibAnswer): ToolResult {
  if (name === "upgrade" && answer.rc === Rc.schemaUnchanged) {
    output.line("Upgrade unnecessary: Schema is already the latest available");
    return output.finish(Exit.ok);
  }
  // What is wrong stands before the verdict, a line for each finding.
  if (answer.rc === Rc.schemaValidation && answer.result !== undefined) {
    for (const problem of validateCib(answer.result)) output.log(problemText(problem));
  }
  if (answer.result !== undefined) output.document(writeXml(answer.result));
  return output.finish(exitOfResult(answer.rc), `CIB API call failed: ${resultText(answer.rc)}`);
}

function show(
  given: ParsedOptions,
  output: ToolOutput,
  result: XmlElement,
  user: string,
  form: AccessForm | undefined,
): void {
  if (form !== undefined) {
    if (isExempt(user)) {
      throw new CrmError(
        `Could not evaluate ACLs for ${user}: ${resultText(Rc.already)}`,
        exitOfResult(Rc.already),
      );
    }
    output.document(renderAccess(result, user, form));
    return;
  }
  if (given.flag("node-path") && given.value("xpath") !== undefined) {
    const paths = result.name === "xpath-query" ? childrenOf(result, "xpath-query-path") : [result];
    output.document(paths.map((path) => `${attr(path, "id") ?? ""}\n`).join(""));
    return;
  }
  output.document(writeXml(result));
}

const tool: Tool = defineTool({
  name: "cibadmin",
  summary: "query and edit the cluster's configuration",
  usage: "COMMAND [OPTION ...]",
  description:
    "Works on the running cluster, on the file that CIB_file names, or on the shadow copy that CIB_shadow names.",
  options,
  run,
});

export default tool;
