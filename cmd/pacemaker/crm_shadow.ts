/**
 * crm_shadow: copies of the configuration to work on before they go to the cluster (spec/outputs-and-tools.md D10).
 * Differs: it never starts a shell of its own; it says what to type instead.
 */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import type { CibDoc } from "../../lib/cib/document.ts";
import { emptyCib } from "../../lib/cib/operations.ts";
import { schemaOf } from "../../lib/cib/schema.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { type CibSource, openCib, readCibFile, shadowPath } from "../../lib/client/cib-source.ts";
import { patchsetLines } from "../../lib/render/patchset.ts";
import { attr, child, element, type XmlElement } from "../../lib/xml/node.ts";
import { parseXml, XmlError } from "../../lib/xml/parse.ts";
import { makePatchset } from "../../lib/xml/patch.ts";
import { writeXml } from "../../lib/xml/write.ts";
import { ShellHost } from "../crm/host-port.ts";
import { cdataElement, OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

/** What a command works with. */
interface Job {
  readonly given: ParsedOptions;
  readonly session: Session;
  readonly output: ToolOutput;
  /** The copy that is meant, and the one CIB_shadow names. */
  readonly name: string;
  readonly active: string | undefined;
}

type Command = (job: Job) => Promise<ToolResult>;

function instruct(output: ToolOutput, lines: readonly string[]): void {
  const text = lines.join("\n");
  output.line(text);
  output.xml(element("instruction", {}, [], text));
}

function instructToUse(job: Job, verb: "created" | "switch"): void {
  const first =
    verb === "created"
      ? "A new shadow instance was created. To begin using it, enter the following into your shell:"
      : "To switch to the named shadow instance, enter the following into your shell:";
  instruct(job.output, [first, `\texport CIB_shadow=${job.name}`]);
}

/** Refuses what would destroy something, unless --force says so. */
function requireForce(job: Job, reason: string, victim: string): void {
  if (job.given.flag("force")) return;
  const lines = [`${reason}.`];
  if (job.active !== undefined && job.active !== job.name) {
    lines.push(
      `Additionally, the supplied shadow instance (${job.name}) is not the same as the active ` +
        `one (${job.active}).`,
    );
  }
  lines.push(
    `To prevent accidental destruction of the ${victim}, the --force flag is required in order to proceed.`,
  );
  throw new CrmError(lines.join("\n"), Exit.usage);
}

function requireFile(job: Job): string {
  const path = shadowPath(job.session, job.name);
  if (job.session.exists(path)) return path;
  const text = `Could not access shadow instance '${job.name}': ${resultText(Errno.ENOENT)}`;
  throw new CrmError(text, exitOfResult(Errno.ENOENT));
}

function requireNoFile(job: Job): string {
  const path = shadowPath(job.session, job.name);
  if (!job.session.exists(path) || job.given.flag("force")) return path;
  const text =
    `A shadow instance '${job.name}' already exists.\n` +
    "To prevent accidental destruction of the shadow file, the --force flag is required in order to proceed.";
  throw new CrmError(text, Exit.cannotCreate);
}

/** The configuration that shadow copies are made of. */
async function openReal(session: Session): Promise<CibSource> {
  try {
    return await openCib(session, { ignoreShadow: true });
  } catch (error) {
    const rc = resultCodeOf(error);
    if (rc === undefined) throw error;
    throw new CrmError(`Could not connect to CIB: ${resultText(rc)}`, exitOfResult(rc));
  }
}

async function readReal(session: Session): Promise<CibDoc> {
  const source = await openReal(session);
  try {
    return await source.document();
  } finally {
    source.close();
  }
}

async function writeShadow(job: Job, path: string, doc: CibDoc): Promise<void> {
  try {
    await job.session.writeFile(path, writeXml(doc.root), 0o600);
  } catch (error) {
    if (!(error instanceof CrmError)) throw error;
    throw new CrmError(
      `Could not create the shadow instance '${job.name}': ${error.message}`,
      error.exit,
    );
  }
}

const create: Command = async (job) => {
  const path = requireNoFile(job);
  await writeShadow(job, path, await readReal(job.session));
  instructToUse(job, "created");
  return job.output.finish(Exit.ok);
};

const createEmpty: Command = async (job) => {
  const path = requireNoFile(job);
  const schema = job.given.value("validate-with");
  if (schema !== undefined && schemaOf(schema) === undefined) {
    throw new CrmError(`'${schema}' is no schema this program knows`, Exit.usage);
  }
  const doc = emptyCib({ epoch: 0, ...(schema === undefined ? {} : { schema }) });
  await writeShadow(job, path, doc);
  job.output.line(`Created new ${attr(doc.root, "validate-with") ?? ""} configuration`);
  instructToUse(job, "created");
  return job.output.finish(Exit.ok);
};

const reset: Command = async (job) => {
  requireForce(job, "The reset command overwrites the active shadow configuration", "shadow file");
  const doc = await readReal(job.session);
  await writeShadow(job, shadowPath(job.session, job.name), doc);
  instructToUse(job, "created");
  return job.output.finish(Exit.ok);
};

const commit: Command = async (job) => {
  requireForce(job, "The commit command overwrites the active cluster configuration", "cluster");
  const shadow = await readCibFile(job.session, requireFile(job));
  const source = await openReal(job.session);
  try {
    const whole = job.given.flag("all");
    const answer = await source.apply(
      whole
        ? { op: "cib_replace", data: shadow.root }
        : {
            op: "cib_replace",
            section: "configuration",
            data: child(shadow.root, "configuration"),
          },
    );
    if (answer.rc === 0) return job.output.finish(Exit.ok);
    const text = `Could not commit shadow instance '${job.name}' to the CIB: ${resultText(answer.rc)}`;
    return job.output.finish(exitOfResult(answer.rc), text);
  } finally {
    source.close();
  }
};

const remove: Command = async (job) => {
  requireForce(job, "The delete command removes the specified shadow file", "shadow file");
  const path = shadowPath(job.session, job.name);
  if (job.session.exists(path)) await job.session.removeFile(path);
  if (job.active === job.name) {
    instruct(job.output, [
      "Remember to unset the CIB_shadow variable by entering the following into your shell:",
      "\tunset CIB_shadow",
    ]);
  }
  return job.output.finish(Exit.ok);
};

const switchTo: Command = async (job) => {
  requireFile(job);
  instructToUse(job, "switch");
  return job.output.finish(Exit.ok);
};

const which: Command = async ({ output, name }) => {
  output.line(name);
  output.xml(element("shadow", { instance: name }));
  return output.finish(Exit.ok);
};

const file: Command = async ({ output, session, name }) => {
  const path = shadowPath(session, name);
  output.line(path);
  output.xml(element("shadow", { instance: name, file: path }));
  return output.finish(Exit.ok);
};

const display: Command = async (job) => {
  const text = writeXml((await readCibFile(job.session, requireFile(job))).root);
  job.output.raw(text);
  job.output.xml(element("shadow", { instance: job.name }, [cdataElement("content", text)]));
  return job.output.finish(Exit.ok);
};

const diff: Command = async (job) => {
  const shadow = await readCibFile(job.session, requireFile(job));
  const real = await readReal(job.session);
  const patchset = makePatchset(real.root, shadow.root);
  if (patchset === undefined) {
    job.output.xml(element("shadow", { instance: job.name }));
    return job.output.finish(Exit.ok);
  }
  for (const line of patchsetLines(patchset)) job.output.line(line);
  const content = [cdataElement("xml-patchset", writeXml(patchset))];
  job.output.xml(element("shadow", { instance: job.name }, content));
  return job.output.finish(Exit.error);
};

const edit: Command = async (job) => {
  const path = requireFile(job);
  const editor = job.session.env["EDITOR"];
  if (editor === undefined || editor === "") {
    return job.output.finish(Exit.notConfigured, "No value for EDITOR defined");
  }
  const before = writeXml((await readCibFile(job.session, path)).root);
  const after = await new ShellHost(job.session).edit(before, ".xml", editor);
  if (after === undefined) {
    return job.output.finish(Exit.osFile, `Could not invoke EDITOR (${editor} ${path})`);
  }
  let root: XmlElement;
  try {
    root = parseXml(after, path, { comments: true });
    if (root.name !== "cib") throw new XmlError(path, `<${root.name}> is no configuration`);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    // The copy stays a document, and the work is not lost.
    await job.session.writeFile(`${path}.rejected`, after, 0o600);
    const text = `${error.message}; what you wrote is in ${path}.rejected`;
    return job.output.finish(Exit.dataError, text);
  }
  await job.session.writeFile(path, writeXml(root), 0o600);
  return job.output.finish(Exit.ok);
};

interface CommandSpec {
  readonly short: string;
  readonly run: Command;
  readonly help: string;
  /** Whether it takes a name, or none (then CIB_shadow counts). */
  readonly name: "required" | "none";
}

const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  which: { short: "w", run: which, help: "Print the name of the active copy", name: "none" },
  display: { short: "p", run: display, help: "Print the active copy", name: "none" },
  diff: { short: "d", run: diff, help: "Show how the active copy differs", name: "none" },
  file: { short: "F", run: file, help: "Print where the active copy is", name: "none" },
  create: { short: "c", run: create, help: "Copy the configuration", name: "required" },
  "create-empty": {
    short: "e",
    run: createEmpty,
    help: "Make a copy without content",
    name: "required",
  },
  commit: { short: "C", run: commit, help: "Give the copy to the cluster", name: "required" },
  delete: { short: "D", run: remove, help: "Delete the copy", name: "required" },
  edit: { short: "E", run: edit, help: "Edit the active copy with $EDITOR", name: "none" },
  reset: { short: "r", run: reset, help: "Copy the configuration again", name: "required" },
  switch: { short: "s", run: switchTo, help: "Say how to use another copy", name: "required" },
};

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const chosen = given.order.findLast(({ key }) => COMMANDS[key] !== undefined);
    const command = chosen === undefined ? undefined : COMMANDS[chosen.key];
    if (chosen === undefined || command === undefined) {
      throw new CrmError("Must specify a query or command option", Exit.usage);
    }
    const inUse = session.env["CIB_shadow"];
    const active = inUse === "" ? undefined : inUse;
    const name = chosen.value || active;
    if (name === undefined) {
      const rc = Errno.ENXIO;
      throw new CrmError("No active shadow configuration defined", exitOfResult(rc));
    }
    return command.run({ given, session, output, name, active });
  });
}

const commandOptions = Object.entries(COMMANDS).map(
  ([key, { short, help, name }]): OptionSpec => ({
    key,
    long: [key],
    short: [short],
    help,
    group: name === "none" ? "Queries" : "Commands",
    ...(name === "none" ? { kind: "flag" } : { kind: "value", value: "NAME" }),
  }),
);

export default defineTool({
  name: "crm_shadow",
  summary: "copies of the configuration to work on in peace",
  usage: "COMMAND [OPTION ...]",
  options: [
    ...commandOptions,
    flag("force", "f", "Do it although something is lost", "Additional"),
    flag("batch", "b", "Accepted for compatibility: no shell is ever started", "Additional"),
    flag("all", "a", "With --commit: status and versions too", "Additional"),
    value("validate-with", "v", "SCHEMA", "With --create-empty: schema of the copy", "Additional"),
    ...OUTPUT_OPTIONS,
  ],
  run,
});
