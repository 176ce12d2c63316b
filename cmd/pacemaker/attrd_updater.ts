/** attrd_updater: set and read node attributes through the attribute manager (spec/outputs-and-tools.md D15). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { type AttributeUpdate, connectAttributes } from "../../lib/client/attributes.ts";
import { element } from "../../lib/xml/node.ts";
import { daemonResult } from "./daemon-connection.ts";
import { OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

const options: readonly OptionSpec[] = [
  value("name", "n", "NAME", "The attribute's name", "Attribute"),
  value(
    "pattern",
    "P",
    "PATTERN",
    "All attributes whose names match (update, delete)",
    "Attribute",
  ),
  value("update", "U", "VALUE", "Set the value", "Commands"),
  value("update-both", "B", "VALUE", "Set the value and the dampening (needs --delay)", "Commands"),
  flag("update-delay", "Y", "Set the dampening (needs --delay)", "Commands"),
  flag("query", "Q", "Show the value (the default)", "Commands"),
  flag("delete", "D", "Unset the attribute", "Commands"),
  flag("refresh", "R", "Write all attributes into the CIB again", "Commands"),
  value("delay", "d", "TIME", "Dampening: wait so long for further changes", "Additional"),
  value("set", "s", "SET", "Id of the attribute set", "Additional"),
  value("node", "N", "NODE", "The node, instead of the local one", "Additional"),
  flag("all", "A", "With --query: the values of all nodes", "Additional"),
  value("lifetime", "l", "LIFETIME", "Checked and ignored", "Additional"),
  flag("private", "p", "A new attribute never goes into the CIB", "Additional"),
  flag("utilization", "z", "A utilization attribute", "Additional"),
  value("wait", "W", "POINT", "Return after: no, local or cluster", "Additional"),
  { key: "quiet", long: ["quiet"], short: ["q"], kind: "flag", help: "", hidden: true },
  { key: "old-update", short: ["v"], kind: "value", value: "VALUE", help: "", hidden: true },
  { key: "old-section", short: ["S"], kind: "value", value: "SECTION", help: "", hidden: true },
  ...OUTPUT_OPTIONS,
];

type Command = "update" | "update-both" | "update-delay" | "query" | "delete" | "refresh";

const COMMAND_OF: Readonly<Record<string, Command>> = {
  update: "update",
  "old-update": "update",
  "update-both": "update-both",
  "update-delay": "update-delay",
  query: "query",
  delete: "delete",
  refresh: "refresh",
};

const SYNC_POINTS = ["no", "local", "cluster"];

/** The words that may stand for a lifetime, as crm_attribute knows them. */
const LIFETIMES = ["reboot", "forever", "status", "nodes"];

interface Wish {
  readonly command: Command;
  readonly value: string | undefined;
}

function usage(text: string): CrmError {
  return new CrmError(text, Exit.usage);
}

/** Checks the options before anything is sent. The last command given counts. */
function readWish(given: ParsedOptions): Wish {
  for (const key of ["lifetime", "old-section"]) {
    const word = given.value(key);
    if (word !== undefined && !LIFETIMES.includes(word)) {
      throw usage(`Unknown value for --lifetime: ${word}`);
    }
  }
  const point = given.value("wait");
  if (point !== undefined && !SYNC_POINTS.includes(point)) {
    throw usage("--wait= must be one of 'no', 'local', 'cluster'");
  }
  const last = given.order.findLast((option) => COMMAND_OF[option.key] !== undefined);
  const command = last === undefined ? "query" : COMMAND_OF[last.key]!;
  const takesValue = command === "update" || command === "update-both";
  const named = given.value("name") !== undefined;
  const patterned = given.value("pattern") !== undefined;
  if (named && patterned)
    throw usage("Error: --name and --pattern cannot be used at the same time");
  if (patterned && command !== "update" && command !== "delete") {
    throw usage("Error: pattern can only be used with delete or update");
  }
  if (!named && !patterned && command !== "refresh") {
    throw usage("Command requires --name or --pattern argument");
  }
  return { command, value: takesValue ? last?.value : undefined };
}

async function query(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
): Promise<ToolResult> {
  const name = given.value("name")!;
  const attributes = await connect(session);
  try {
    const values = await attributes.query(
      name,
      given.flag("all") ? undefined : given.value("node"),
    );
    for (const { host, value } of values) {
      output.line(`name="${name}" host="${host}" value="${value}"`);
      output.xml(element("attribute", { name, value, host }));
    }
    return output.finish(Exit.ok);
  } catch (error) {
    const rc = daemonResult(error);
    if (rc === undefined) throw error;
    const why = rc === Errno.ENXIO ? "attribute does not exist" : resultText(rc);
    throw new CrmError(`Could not query value of ${name}: ${why}`, exitOfResult(rc));
  } finally {
    attributes.close();
  }
}

async function connect(session: Session) {
  try {
    return await connectAttributes(session);
  } catch (error) {
    const rc = daemonResult(error);
    if (rc === undefined) throw error;
    throw new CrmError(`Could not connect to attrd: ${resultText(rc)}`, exitOfResult(rc));
  }
}

function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function updateOf(given: ParsedOptions, wish: Wish): AttributeUpdate {
  const point = given.value("wait");
  return defined<AttributeUpdate>({
    name: given.value("name"),
    pattern: given.value("pattern"),
    value: wish.value,
    host: given.value("node"),
    dampening: given.value("delay"),
    set: given.value("set"),
    section: given.flag("utilization") ? "utilization" : undefined,
    isPrivate: given.flag("private"),
    task: wish.command === "delete" ? "update" : (wish.command as "update"),
    sync: point === "local" || point === "cluster" ? point : undefined,
  });
}

async function run(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
): Promise<ToolResult> {
  const wish = readWish(given);
  if (wish.command === "query") return query(given, session, output);
  const name = given.value("name") ?? given.value("pattern") ?? "";
  if (wish.command.startsWith("update-") && given.value("delay") === undefined) {
    const letter = wish.command === "update-both" ? "B" : "Y";
    output.error(`Warning: '${letter}' command given without required --delay`);
  }
  try {
    const attributes = await connectAttributes(session);
    try {
      if (wish.command === "refresh") await attributes.refresh();
      else await attributes.update(updateOf(given, wish));
    } finally {
      attributes.close();
    }
  } catch (error) {
    const rc = daemonResult(error);
    if (rc === undefined) throw error;
    const what = wish.command === "refresh" ? "refresh" : `update ${name}=${wish.value ?? ""}`;
    throw new CrmError(`Could not ${what}: ${resultText(rc)} (${rc})`, exitOfResult(rc));
  }
  return output.finish(Exit.ok);
}

export default defineTool({
  name: "attrd_updater",
  summary: "set and read node attributes",
  usage: "-n NAME COMMAND [OPTION ...]",
  description: "Speaks with the attribute manager; most values end up in the CIB's status section.",
  options,
  run: (given, session) => withOutput(given, session, (output) => run(given, session, output)),
});
