/**
 * What the manager's tools have in common at their end: text or XML on stdout, errors on stderr as `TOOL: text` or inside
 * `<status><errors>` (spec/outputs-and-tools.md D0.4), -V, --output-as.
 */
import { CrmError } from "../../lib/base/error.ts";
import { Exit, type ExitCode } from "../../lib/base/exit.ts";
import { exitOfResult } from "../../lib/base/result-code.ts";
import { count, value } from "../../lib/cli/option-makers.ts";
import type { OptionSpec, ParsedOptions, Session, ToolResult } from "../../lib/cli/tool.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { resultXml } from "../../lib/render/result.ts";
import { CDATA, element, type XmlElement } from "../../lib/xml/node.ts";

/** Options every tool of the manager has. */
export const OUTPUT_OPTIONS: readonly OptionSpec[] = [
  count("verbose", "V", "Say more (may be given several times)"),
  value("output-as", undefined, "FORMAT", "text, xml or none", "Output"),
  value("output-to", undefined, "FILE", "Write there instead of stdout", "Output"),
];

/** A word as a shell would need it. */
function quoted(word: string): string {
  return /[\s"'\\$`&|;<>()*?[\]#~]/.test(word) || word === ""
    ? `'${word.replaceAll("'", "'\\''")}'`
    : word;
}

/** An element whose text XML output carries as it is. */
export function cdataElement(name: string, text: string): XmlElement {
  return element(name, {}, [element(CDATA, {}, [], text)]);
}

/** An error that carries an exit code but whose text stands alone, without the tool's name. */
export class PlainError extends CrmError {}

/** The command line as typed, for the request attribute of XML answers. */
export function requestText(options: ParsedOptions, session: Session): string {
  return [session.program, ...options.words].map(quoted).join(" ");
}

/** Collects what a tool says and makes its result. */
export class ToolOutput {
  readonly isXml: boolean;
  readonly #none: boolean;
  readonly #program: string;
  readonly #request: string;
  #out = "";
  #err = "";
  readonly #content: XmlElement[] = [];
  readonly #errors: string[] = [];

  constructor(options: ParsedOptions, session: Session) {
    const format = options.value("output-as") ?? "text";
    if (!/^(text|console|xml|none)$/.test(format)) {
      throw new CrmError(`Unknown output format '${format}': text, xml or none`, Exit.usage);
    }
    this.isXml = format === "xml";
    this.#none = format === "none";
    this.#program = session.program;
    this.#request = requestText(options, session);
  }

  /** One or more lines of text output; nothing in XML. */
  line(text: string): void {
    if (!this.isXml) this.#out += `${text}\n`;
  }

  /** Text exactly as it is; nothing in XML. */
  raw(text: string): void {
    if (!this.isXml) this.#out += text;
  }

  /** An element of XML output; nothing in text. */
  xml(node: XmlElement): void {
    if (this.isXml) this.#content.push(node);
  }

  /** Text that XML output carries as it is, in CDATA. */
  document(text: string): void {
    this.raw(text);
    this.xml(cdataElement("output", text));
  }

  /** A line on stderr; an error of the result in XML. */
  error(text: string): void {
    if (this.isXml) this.#errors.push(text);
    else this.#err += `${text}\n`;
  }

  /** A line on stderr whatever the format: what the log would say. */
  log(text: string): void {
    this.#err += `${text}\n`;
  }

  /** The result, with a last error named after the tool. */
  finish(exit: ExitCode, message?: string): ToolResult {
    if (message !== undefined) this.error(`${this.#program}: ${message}`);
    if (this.#none) return { exit, err: this.#err };
    if (!this.isXml) return { exit, out: this.#out, err: this.#err };
    const out = resultXml(this.#request, this.#content, exit, this.#errors);
    return { exit, out, err: this.#err };
  }
}

/** Runs a tool's body; errors for people end it in the format that was asked for. */
export async function withOutput(
  options: ParsedOptions,
  session: Session,
  body: (output: ToolOutput) => Promise<ToolResult>,
): Promise<ToolResult> {
  const output = new ToolOutput(options, session);
  let result: ToolResult;
  try {
    result = await body(output);
  } catch (error) {
    if (error instanceof PlainError) {
      output.error(error.message);
      result = output.finish(error.exit);
    } else if (error instanceof CrmError) {
      result = output.finish(error.exit, error.message);
    } else {
      const rc = resultCodeOf(error);
      if (rc === undefined) throw error;
      result = output.finish(exitOfResult(rc), (error as Error).message);
    }
  }
  const path = options.value("output-to");
  if (path === undefined || path === "-") return result;
  await session.writeFile(path, result.out ?? "");
  return { ...result, out: "" };
}
