/** `{set|delete|show} NAME [VALUE]` of resources and nodes: one shape for param, meta, utilization and attribute. */
import { type CibDoc, cibDoc } from "../../cib/document.ts";
import type { XmlElement } from "../../xml/node.ts";
import { deleteNvpair, nvpairValue, setNvpair } from "../edit.ts";
import { collectIds } from "../language/ids.ts";
import { LanguageError } from "../language/syntax.ts";
import { configurationOf, replaceElement } from "../objects.ts";
import type { CommitOutcome } from "../ports.ts";
import type { Shell } from "./shell.ts";

/** Whose attributes, in which set, and what the tools say about it. */
export interface AttributePlace {
  /** Finds the owner in a document. @throws LanguageError */
  readonly owner: (root: XmlElement) => XmlElement;
  readonly setName: string;
  /** Id of a new set. */
  readonly setId: (owner: XmlElement) => string;
}

/** Tells what became of a change that went straight to the cluster. */
export function tellOutcome(shell: Shell, outcome: CommitOutcome): boolean {
  if (outcome.kind === "done") return true;
  shell.error(
    outcome.kind === "refused"
      ? outcome.text
      : "the configuration keeps changing; nothing was written, try again",
  );
  return false;
}

function edited(doc: CibDoc, before: XmlElement, after: XmlElement): CibDoc {
  return cibDoc(replaceElement(doc.root, before, after));
}

/** Sets one attribute at once. */
export async function setAttribute(
  shell: Shell,
  place: AttributePlace,
  name: string,
  value: string,
): Promise<boolean> {
  const outcome = await shell.ports.cib.change((doc) => {
    const owner = place.owner(doc.root);
    const taken = collectIds(configurationOf(doc.root));
    const next = setNvpair(owner, place.setName, name, value, { set: place.setId(owner), taken });
    return edited(doc, owner, next);
  });
  return tellOutcome(shell, outcome);
}

/** Deletes one attribute at once; its id, or undefined when there was none. */
export async function deleteAttribute(
  shell: Shell,
  place: AttributePlace,
  name: string,
): Promise<string | undefined> {
  let id: string | undefined;
  const outcome = await shell.ports.cib.change((doc) => {
    const owner = place.owner(doc.root);
    const found = deleteNvpair(owner, place.setName, name);
    id = found?.id;
    return found === undefined ? doc : edited(doc, owner, found.owner);
  });
  return tellOutcome(shell, outcome) ? id : undefined;
}

/** The value of one attribute now. */
export async function readAttribute(
  shell: Shell,
  place: AttributePlace,
  name: string,
): Promise<string | undefined> {
  const doc = await shell.ports.cib.query();
  return nvpairValue(place.owner(doc.root), place.setName, name);
}

/** The words of an attribute command, in both orders: `ID set NAME VALUE` and `set ID NAME VALUE`. */
export interface AttributeWords {
  readonly verb: "set" | "delete" | "show";
  readonly id: string;
  readonly name: string;
  readonly value: string;
}

const VERBS = new Set(["set", "delete", "show"]);

/** @throws LanguageError with the usage the tools give */
export function attributeWords(command: string, words: readonly string[]): AttributeWords {
  const [a = "", b = "", name = "", value] = words;
  const bad = () => new LanguageError(`bad usage: ${command} ${words.join(" ")}`);
  const [verb, id] = VERBS.has(b) ? [b, a] : [a, b];
  if (!VERBS.has(verb) || name === "") throw bad();
  if ((verb === "set") !== (value !== undefined)) throw bad();
  return { verb: verb as AttributeWords["verb"], id, name, value: value ?? "" };
}
