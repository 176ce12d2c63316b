/** trace and untrace: an instance attribute on one operation that makes agents write what they do. */
import { type CibDoc, cibDoc } from "../../cib/document.ts";
import { parseIntervalMs } from "../../time/interval.ts";
import { attr, childrenOf, element, idOf, withChildren, type XmlElement } from "../../xml/node.ts";
import { addOperation, deleteNvpair, setNvpair } from "../edit.ts";
import { collectIds } from "../language/ids.ts";
import { LanguageError } from "../language/syntax.ts";
import { configurationOf, replaceElement } from "../objects.ts";
import { tellOutcome } from "./attributes.ts";
import { completeResources, resourceNamed } from "./resource-common.ts";
import type { Command } from "./shell.ts";

const TRACE = "trace_ra";

/** The operations of a resource with this name and, if given, interval. */
function operations(
  owner: XmlElement,
  name: string,
  interval: string | undefined,
): readonly XmlElement[] {
  return childrenOf(owner, "operations")
    .flatMap((o) => childrenOf(o, "op"))
    .filter((op) => attr(op, "name") === name)
    .filter(
      (op) =>
        interval === undefined ||
        parseIntervalMs(attr(op, "interval") ?? "0") === parseIntervalMs(interval),
    );
}

function ownerOf(doc: CibDoc, id: string): XmlElement {
  const { element: el } = resourceNamed(doc.root, id);
  if (el.name !== "primitive")
    throw new LanguageError(`${id} is not a primitive; trace its members`);
  return el;
}

function traced(doc: CibDoc, id: string, name: string, interval: string | undefined): CibDoc {
  const owner = ownerOf(doc, id);
  const ops = operations(owner, name, interval);
  const taken = collectIds(configurationOf(doc.root));
  if (ops.length === 0) {
    if (name === "monitor") throw new LanguageError(`${id} has no such monitor operation`);
    const pair = element("nvpair", { name: TRACE, value: "1" });
    const set = element("instance_attributes", {}, [pair]);
    const op = element("op", { name, interval: interval ?? "0" }, [set]);
    return cibDoc(addOperation(doc.root, owner, op));
  }
  let { root } = doc;
  for (const op of ops) {
    const ids = { set: `${idOf(op)}-instance_attributes`, taken };
    root = replaceElement(root, op, setNvpair(op, "instance_attributes", TRACE, "1", ids));
  }
  return cibDoc(root);
}

/** Without the attribute; what the tracing alone has made goes too. */
function untraced(doc: CibDoc, id: string, name: string, interval: string | undefined): CibDoc {
  let { root } = doc;
  for (const op of operations(ownerOf(doc, id), name, interval)) {
    const without = deleteNvpair(op, "instance_attributes", TRACE)?.owner;
    if (without === undefined) continue;
    const sets = without.children.filter((s) => s.children.length > 0);
    const bare = withChildren(without, sets);
    const only = sets.length === 0 && attr(op, "timeout") === undefined && name !== "monitor";
    root = replaceElement(root, op, only ? undefined : bare);
  }
  return root === doc.root ? doc : cibDoc(root);
}

function traceCommand(name: "trace" | "untrace", summary: string): Command {
  return {
    name,
    summary,
    usage: "<rsc> <op> [<interval>]",
    min: 2,
    max: 3,
    async run(shell, [id = "", op = "", interval]) {
      const before = ownerOf(await shell.ports.cib.query(), id);
      const known = operations(before, op, interval).length > 0;
      const outcome = await shell.ports.cib.change((doc) =>
        name === "trace" ? traced(doc, id, op, interval) : untraced(doc, id, op, interval),
      );
      if (!tellOutcome(shell, outcome)) return false;
      if (name === "trace" && op === "monitor" && known) {
        shell.warn("please CLEANUP the RA trace directory /var/lib/heartbeat regularly!");
      } else if (name === "trace") shell.info(`restart ${id} to get the trace`);
      return true;
    },
    complete: async (shell, words) =>
      words.length === 1 ? await completeResources(shell) : ["start", "stop", "monitor"],
  };
}

export const traceCommands: readonly Command[] = [
  traceCommand("trace", "start RA tracing"),
  traceCommand("untrace", "stop RA tracing"),
];
