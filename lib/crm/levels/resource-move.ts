/** migrate and unmigrate: location constraints with the ids that crm_resource makes. */
import { isRejection } from "../../base/error.ts";
import { type CibDoc, cibDoc } from "../../cib/document.ts";
import { addDuration, parseDuration } from "../../time/duration.ts";
import { dateTimeText } from "../../time/iso8601.ts";
import { element, idOf, type XmlElement } from "../../xml/node.ts";
import { LanguageError } from "../language/syntax.ts";
import { appendToSection, nodeNames, replaceElement, sectionOf } from "../objects.ts";
import { tellOutcome } from "./attributes.ts";
import { completeResources, resourceNamed, settleIfWanted } from "./resource-common.ts";
import type { Command, Shell } from "./shell.ts";

interface Wish {
  readonly id: string;
  readonly node: string | undefined;
  /** When the constraint ends, as text. */
  readonly until: string | undefined;
}

/** Words of migrate in any order after the resource: a node, a lifetime (P…), force. */
function readWish(shell: Shell, words: readonly string[]): Wish & { readonly force: boolean } {
  const [id = "", ...rest] = words;
  const force = rest.includes("force");
  const others = rest.filter((w) => w !== "force");
  const lifetime = others.find((w) => /^P[\dT]/.test(w));
  const nodes = others.filter((w) => w !== lifetime);
  if (nodes.length > 1) throw new LanguageError(`bad usage: migrate ${words.join(" ")}`);
  if (lifetime === undefined) return { id, node: nodes[0], until: undefined, force };
  const duration = parseDuration(lifetime);
  if (isRejection(duration)) throw new LanguageError(duration.text);
  const now = { epoch: Math.floor(shell.ports.host.now() / 1000), offset: 0 };
  return { id, node: nodes[0], until: dateTimeText(addDuration(now, duration)), force };
}

function constraint(
  kind: "prefer" | "ban",
  rsc: string,
  node: string,
  until: string | undefined,
): XmlElement {
  const tail = kind === "ban" ? `${rsc}-on-${node}` : rsc;
  const id = `cli-${kind}-${tail}`;
  const score = kind === "ban" ? "-INFINITY" : "INFINITY";
  if (until === undefined) {
    return element("rsc_location", { id, rsc, role: "Started", node, score });
  }
  const rule = element("rule", { id: `cli-${kind}-rule-${tail}`, score, "boolean-op": "and" }, [
    element("expression", {
      id: `cli-${kind}-expr-${tail}`,
      attribute: "#uname",
      operation: "eq",
      value: node,
      type: "string",
    }),
    element("date_expression", {
      id: `cli-${kind}-lifetime-end-${tail}`,
      operation: "lt",
      end: until,
    }),
  ]);
  return element("rsc_location", { id, rsc, role: "Started" }, [rule]);
}

/** Adds a constraint; an older one of the same id goes. */
async function place(shell: Shell, made: XmlElement): Promise<boolean> {
  const outcome = await shell.ports.cib.change((doc) => {
    const old = sectionOf(doc.root, "constraints")?.children.find((c) => idOf(c) === idOf(made));
    const root = old === undefined ? doc.root : replaceElement(doc.root, old, undefined);
    return cibDoc(appendToSection(root, "constraints", made));
  });
  const ok = tellOutcome(shell, outcome);
  if (ok) await settleIfWanted(shell);
  return ok;
}

/** The warning of crm_resource for a ban. */
function banWarning(id: string, rsc: string, node: string): string {
  return (
    `WARNING: Creating rsc_location constraint '${id}' with a score of -INFINITY for resource ${rsc} on ${node}.\n` +
    `\tThis will prevent ${rsc} from running on ${node} until the constraint is removed using the clear option or by editing the CIB with an appropriate tool\n` +
    `\tThis will be the case even if ${node} is the last node in the cluster`
  );
}

/** A ban of the node given, or of the only one that runs it; undefined after an error message. */
async function banOf(shell: Shell, doc: CibDoc, wish: Wish): Promise<XmlElement | undefined> {
  const here = await shell.ports.cluster.places(doc, wish.id);
  const node = wish.node ?? (here.length === 1 ? here[0]?.node : undefined);
  if (node === undefined) {
    shell.error(`${wish.id} runs on ${here.length} nodes; name the one you mean`);
    return undefined;
  }
  const made = constraint("ban", wish.id, node, wish.until);
  shell.say(banWarning(idOf(made), wish.id, node));
  return made;
}

/** The wish with its resource and node checked. @throws LanguageError */
async function checkedWish(shell: Shell, words: readonly string[]): Promise<[CibDoc, Wish]> {
  const wish = readWish(shell, words);
  const doc = await shell.ports.cib.query();
  resourceNamed(doc.root, wish.id);
  if (wish.node !== undefined && !nodeNames(doc.root).includes(wish.node)) {
    throw new LanguageError(`${wish.node}: node name not recognized`);
  }
  return [doc, wish];
}

const migrate: Command = {
  name: "migrate",
  aliases: ["move"],
  summary: "migrate a resource to another node",
  usage: "<rsc> [<node>] [<lifetime>] [force]",
  min: 1,
  max: 4,
  help: `
Moves a resource to the node given, or away from where it runs. A constraint keeps it so until
unmigrate removes it, or until the lifetime (an ISO 8601 duration such as PT10M) is over.`,
  async run(shell, words) {
    const [doc, wish] = await checkedWish(shell, words);
    const made =
      wish.node === undefined
        ? await banOf(shell, doc, wish)
        : constraint("prefer", wish.id, wish.node, wish.until);
    if (made === undefined) return false;
    if (wish.until !== undefined) shell.say(`Migration will take effect until: ${wish.until}`);
    return await place(shell, made);
  },
  complete: async (shell, words) =>
    words.length === 1
      ? await completeResources(shell)
      : [...nodeNames((await shell.ports.cib.query()).root), "force"],
};

const unmigrate: Command = {
  name: "unmigrate",
  aliases: ["unmove"],
  summary: "unmigrate a resource to another node",
  usage: "<rsc>",
  min: 1,
  max: 1,
  help: "Removes the constraints that migrate has made for a resource.",
  async run(shell, [id = ""]) {
    const doc = await shell.ports.cib.query();
    resourceNamed(doc.root, id);
    const removed: string[] = [];
    const outcome = await shell.ports.cib.change((now) => {
      removed.length = 0;
      let { root } = now;
      for (const c of sectionOf(root, "constraints")?.children ?? []) {
        const mine = idOf(c) === `cli-prefer-${id}` || idOf(c) === `cli-standby-${id}`;
        if (!mine && !idOf(c).startsWith(`cli-ban-${id}-on-`)) continue;
        removed.push(idOf(c));
        root = replaceElement(root, c, undefined);
      }
      return removed.length === 0 ? now : cibDoc(root);
    });
    if (!tellOutcome(shell, outcome)) return false;
    for (const name of removed) shell.say(`Removing constraint: ${name}`);
    await settleIfWanted(shell);
    return true;
  },
  complete: completeResources,
};

/** For newer shells' words. */
export const ban: Command = {
  ...migrate,
  name: "ban",
  aliases: [],
  summary: "keep a resource away from a node",
  async run(shell, words) {
    const [doc, wish] = await checkedWish(shell, words);
    const made = await banOf(shell, doc, wish);
    return made !== undefined && (await place(shell, made));
  },
};

export const clear: Command = { ...unmigrate, name: "clear", aliases: ["unban"] };

export const moveCommands: readonly Command[] = [migrate, unmigrate];
