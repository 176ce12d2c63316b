/** Commands that make an object: primitive, group, location, property, … and monitor and xml. */
import { attr, type XmlElement } from "../../xml/node.ts";
import { parseXml, XmlError } from "../../xml/parse.ts";
import { addMonitor, createObject, parseContext } from "../edit.ts";
import { collectIds } from "../language/ids.ts";
import { lowerKeywords } from "../language/keywords.ts";
import type { ObjectKind } from "../language/kind.ts";
import { kindOfElement, kindOfWord, kinds } from "../language/kinds.ts";
import { parseMember } from "../language/resource-set.ts";
import { showObject } from "../language/show.ts";
import { LanguageError } from "../language/syntax.ts";
import type { Edit } from "../message.ts";
import { appendToSection, configurationOf, nodeNames, schemaOf } from "../objects.ts";
import { completeObject } from "./complete-objects.ts";
import type { Command, Shell } from "./shell.ts";

/** Takes a change into the working copy and tells its messages. */
export function adopt(shell: Shell, edit: Edit): void {
  const copy = shell.copy;
  if (copy === undefined) throw new LanguageError("no configuration is open");
  shell.copy = { ...copy, root: edit.root };
  shell.tell(edit.messages);
}

const SUMMARIES: Readonly<Record<string, string>> = {
  node: "define a cluster node",
  primitive: "define a resource",
  bundle: "define a resource inside containers",
  group: "define a group",
  clone: "define a clone",
  ms: "define a master-slave resource",
  rsc_template: "define a resource template",
  tag: "define a tag",
  location: "a location preference",
  colocation: "colocate resources",
  order: "order resources",
  rsc_ticket: "resources ticket dependency",
  property: "set a cluster property",
  rsc_defaults: "set resource defaults",
  op_defaults: "set resource operations defaults",
  fencing_topology: "node fencing order",
  role: "define role access rights",
  user: "define user access rights",
  acl_target: "give roles to a user",
  acl_group: "give roles to a group of users",
  alert: "tell somebody of events",
};

const HELP: Readonly<Record<string, string>> = {
  primitive: `
One resource: an agent with its parameters. The class and provider may be left out when only one
provider has an ocf agent of this name. Operations repeat: one op for each.

    primitive webip IPaddr params ip=172.25.12.200 op monitor interval=10s timeout=20s
    primitive webserver lsb:httpd op monitor interval=30s timeout=15s`,
  group: `
Resources that start in the order given, stop in the reverse order and stay on one node.

    group web webip webserver`,
  clone: `
Runs a resource or a group on several nodes at once. The meta-attributes clone-max and
clone-node-max say how many, interleave whether instances depend only on those of their own node.`,
  location: `
Where a resource should or must not run. A score of inf: or -inf: is a must.

    location l1 webip 100: server6
    location l2 webip rule -inf: not_defined pingd or pingd lte 0`,
  colocation: `
Keeps the first resource where the second one is (or, with a negative score, away from it). More
than two, or ( ), make resource sets.

    colocation apache inf: webserver webip`,
  order: `
Starts the first resource before the second and stops them the other way round.

    order webip_before_webserver Mandatory: webip webserver`,
  property: `
Options of the whole cluster, such as stonith-enabled or no-quorum-policy. Several sets may exist;
without $id the standard one is changed.

    property stonith-enabled=false`,
  fencing_topology: `
Which devices fence which node. Each word is a level that is tried after the one before; devices
joined by a comma are used together.

    fencing_topology server6: ipmi6 pdu1,pdu2`,
};

function objectCommand(kind: ObjectKind): Command {
  const help = HELP[kind.word];
  return {
    name: kind.word,
    ...(kind.aliases === undefined ? {} : { aliases: kind.aliases }),
    summary: SUMMARIES[kind.word] ?? `define a ${kind.word}`,
    usage: kind.usage,
    min: 0,
    max: Number.POSITIVE_INFINITY,
    ...(help === undefined ? {} : { help }),
    async run(shell, words) {
      const { root } = await shell.workingCopy();
      const schema = schemaOf(root);
      if (kindOfWord(kind.word, schema) === undefined) {
        throw new LanguageError(
          `syntax: ${[kind.word, ...words].join(" ")} (this CIB's schema has no ${kind.word}; "upgrade" brings it up to date)`,
        );
      }
      // One word is enough for a fencing topology only where levels without target are known.
      const least = kind.word === "fencing_topology" && schema < 2 ? 2 : kind.minWords;
      if (words.length < least) return shell.usage(this);
      const context = parseContext(root, (type) => shell.ports.agents.providersOf(type));
      const small = schema >= 2 ? lowerKeywords(words) : words;
      const edit = createObject(root, kind, kind.parse(small, context));
      adopt(shell, edit);
      tellUnrepresentable(shell, kind, edit);
      return true;
    },
    complete: (shell, words) => completeObject(shell, kind, words),
  };
}

/** Says so when the object just made can be shown as XML only. */
function tellUnrepresentable(shell: Shell, kind: ObjectKind, { root, made }: Edit): void {
  if (made === undefined) return;
  const context = { schema: schemaOf(root), nodeNames: nodeNames(root), referenced: NOTHING };
  if (!showObject(made, kind, context).asWords) {
    const id = attr(made, "uname") ?? attr(made, "id");
    shell.info(`object ${id} cannot be represented in the CLI notation`);
  }
}

const NOTHING: ReadonlySet<string> = new Set();

const monitor: Command = {
  name: "monitor",
  summary: "add monitor operation to a primitive",
  usage: "<rsc>[:<role>] <interval>[:<timeout>]",
  min: 2,
  max: 2,
  help: `
How often a resource is looked at, and how long that may take.

    monitor webip 10s:20s`,
  async run(shell, [who = "", when = ""]) {
    const { root } = await shell.workingCopy();
    const context = parseContext(root, () => []);
    const member = parseMember(who, "role", context);
    const [interval = "", timeout] = when.split(":", 2);
    adopt(shell, {
      root: addMonitor(root, member.id, member.suffix, interval, timeout),
      messages: [],
    });
    return true;
  },
};

const SECTION_OF_ELEMENT: ReadonlyMap<string, ObjectKind> = new Map(
  kinds.flatMap((k) => k.elements.map((name) => [name, k] as const)),
);

/** Adds one object from its XML. @throws LanguageError, XmlError */
export function createFromXml(root: XmlElement, text: string): XmlElement {
  let el: XmlElement;
  try {
    el = parseXml(text, "xml");
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new LanguageError(
      `cannot parse xml chunk: ${text}`,
      `${error.message} (in a script the whole element must stand in single quotes)`,
    );
  }
  const kind = SECTION_OF_ELEMENT.get(el.name);
  if (kind === undefined || kindOfElement(el, kind.section) === undefined) {
    throw new LanguageError(`element ${el.name} is no object of the configuration`);
  }
  const taken = collectIds(configurationOf(root));
  for (const id of collectIds(el)) {
    if (taken.has(id)) throw new LanguageError(`${id}: id is already in use`);
  }
  if (attr(el, "id") === undefined) throw new LanguageError(`element ${el.name} has no id`);
  return appendToSection(root, kind.section, el);
}

const xml: Command = {
  name: "xml",
  summary: "raw xml",
  usage: "'<element>'",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  help: "Adds an object given as XML, for what words cannot say. Quote the whole element with single quotes.",
  async run(shell, words) {
    const { root } = await shell.workingCopy();
    adopt(shell, { root: createFromXml(root, words.join(" ")), messages: [] });
    return true;
  },
};

export const objectCommands: readonly Command[] = [...kinds.map(objectCommand), monitor, xml];
