/**
 * Where crm_simulate's configuration comes from, and what it must be to be scheduled: valid, and of the current schema
 * (spec/outputs-and-tools section A3.2, steps 1 and 2).
 */
import { CrmError, isRejection } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { limits } from "../../../lib/base/limits.ts";
import { exitOfResult, resultText } from "../../../lib/base/result-code.ts";
import { type CibDoc, cibDoc } from "../../../lib/cib/document.ts";
import { NEWEST_SCHEMA, schemaName } from "../../../lib/cib/schema.ts";
import { upgradeRoot } from "../../../lib/cib/upgrade.ts";
import { problemLine, validateCib } from "../../../lib/cib/validate.ts";
import type { ParsedOptions, Session } from "../../../lib/cli/tool.ts";
import { executionDateLine } from "../../../lib/render/simulation.ts";
import { prepareForInput } from "../../../lib/runtime/long-run.ts";
import { parseDateTime } from "../../../lib/time/iso8601.ts";
import { child, element, withChildren, type XmlElement } from "../../../lib/xml/node.ts";
import { parseXmlBytes } from "../../../lib/xml/parse.ts";
import { writeXml } from "../../../lib/xml/write.ts";
import { PlainError } from "../tool-output.ts";

export interface Input {
  readonly doc: CibDoc;
  /** Puts a result where the input came from (--in-place); undefined for standard input. */
  readonly store: ((result: XmlElement) => Promise<void>) | undefined;
  readonly validated: boolean;
}

/** Reads what -L, -x or -p name. Errors: CrmError; one without the tool's name for an invalid configuration. */
export async function readInput(given: ParsedOptions, session: Session): Promise<Input> {
  const file = given.value("xml-file");
  if (given.flag("live-check")) {
    return readLive(given.flag("in-place"), session);
  }
  if (file === undefined && !given.flag("xml-pipe")) {
    throw new CrmError("No input specified: use -L, -x FILE or -p", Exit.usage);
  }
  const fromStdin = file === undefined || file === "-";
  if (!fromStdin) prepareForInput(file);
  const data = fromStdin ? await session.readStdin() : await session.readFile(file);
  const store = (result: XmlElement) => session.writeFile(file ?? "-", writeXml(result));
  const input = preparedFrom(data, fromStdin ? "standard input" : file);
  return { ...input, store: fromStdin ? undefined : store };
}

/** The running cluster's CIB, or the file or shadow copy that the environment names in its place. */
async function readLive(inPlace: boolean, session: Session): Promise<Input> {
  const { openCib } = await import("../../../lib/client/cib-source.ts");
  const source = await openCib(session, { readOnly: !inPlace });
  try {
    const before = await source.document();
    // A patch names the version it starts from: what somebody else changed meanwhile is never overwritten.
    const store = async (result: XmlElement): Promise<void> => {
      const { makePatchset } = await import("../../../lib/xml/patch.ts");
      const data = makePatchset(before.root, result);
      if (data === undefined) return;
      const target = await openCib(session);
      try {
        const answer = await target.apply({ op: "cib_apply_diff", data });
        const text = answer.why ?? resultText(answer.rc);
        if (answer.rc !== 0) throw new CrmError(text, exitOfResult(answer.rc));
      } finally {
        target.close();
      }
    };
    return { ...prepared(before.root), store };
  } finally {
    source.close();
  }
}

/** The document in a file, ready to be scheduled. `name` is what errors call it. */
export function preparedFrom(data: Uint8Array, name: string): Omit<Input, "store"> {
  return prepared(parseXmlBytes(data, name, { maxBytes: limits.xmlFileBytes }));
}

/** Refuses what is invalid, brings a document to the current schema and gives it a status section. */
function prepared(root: XmlElement): Omit<Input, "store"> {
  if (root.name !== "cib") {
    throw new CrmError(`the outermost element is <${root.name}>, not <cib>`, Exit.dataError);
  }
  const upgraded = upgradeRoot(root);
  if (isRejection(upgraded)) throw new CrmError(upgraded.text, Exit.configError);
  const problems = validateCib(root);
  if (problems.length > 0) {
    const claimed = root.attrs.get("validate-with");
    const verdict =
      `Cannot upgrade configuration (claiming ${claimed} schema) to at least ` +
      `${schemaName(NEWEST_SCHEMA)} because it does not validate with any schema from ` +
      `${claimed} to the latest`;
    throw new PlainError([...problems.map(problemLine), verdict].join("\n"), Exit.configError);
  }
  const whole =
    child(upgraded.root, "status") === undefined
      ? withChildren(upgraded.root, [...upgraded.root.children, element("status")])
      : upgraded.root;
  return { doc: cibDoc(whole), validated: root.attrs.get("validate-with") !== "none" };
}

/** The time that a simulation assumes. */
export interface Clock {
  /** Epoch seconds. */
  readonly now: number;
  /** Line that tells where the time comes from; "" for the real time. */
  readonly line: string;
}

/** Time of --set-datetime, else the one that the document carries, else the real one. */
export function clockOf(given: ParsedOptions, doc: CibDoc, session: Session): Clock {
  const real = Math.floor(session.now() / 1000);
  const text = given.value("set-datetime");
  if (text !== undefined) {
    const parsed = parseDateTime(text, { now: real });
    if (isRejection(parsed)) throw new CrmError(parsed.text, Exit.usage);
    return { now: parsed.epoch, line: `Setting effective cluster time: ${text}` };
  }
  const date = doc.root.attrs.get("execution-date");
  const epoch = Number.parseInt(date ?? "", 10);
  if (Number.isNaN(epoch)) return { now: real, line: "" };
  return { now: epoch, line: executionDateLine(epoch) };
}
