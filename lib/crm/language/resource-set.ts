/**
 * Resources of constraints: one with its role or action, and resource sets with ( ) and [ ]
 * (spec/crm-commands.md section 10, setmembers).
 */
import { attr, element, type XmlElement } from "../../xml/node.ts";
import { isModern, LanguageError, type ParseContext, quoted, syntaxError } from "./syntax.ts";

/** What may follow a resource's colon. */
export type MemberSuffix = "role" | "action";

const ROLES = ["Started", "Stopped", "Master", "Slave"];
const NEW_ROLES = ["Promoted", "Unpromoted"];
const ACTIONS = ["start", "stop", "promote", "demote"];

export interface Member {
  readonly id: string;
  readonly suffix?: string;
  readonly instance?: string;
}

/** The roles this schema knows. */
export function rolesOf(context: { readonly schema: number }): readonly string[] {
  return isModern(context) ? [...ROLES, ...NEW_ROLES] : ROLES;
}

/** `rsc`, `rsc:Master`, `rsc:start` or `rsc:0`. @throws LanguageError */
export function parseMember(word: string, kind: MemberSuffix, context: ParseContext): Member {
  const colon = word.indexOf(":");
  if (colon < 0) return { id: word };
  const id = word.slice(0, colon);
  const suffix = word.slice(colon + 1);
  if (/^\d+$/.test(suffix)) return { id, instance: suffix };
  const known = kind === "role" ? rolesOf(context) : ACTIONS;
  const exact = known.find((w) =>
    isModern(context) ? w.toLowerCase() === suffix.toLowerCase() : w === suffix,
  );
  if (exact === undefined) {
    throw new LanguageError(`bad resource ${kind}/instance definition: ${word}`);
  }
  return { id, suffix: exact };
}

export function printMember(id: string, suffix: string | undefined): string {
  return suffix === undefined ? id : `${id}:${suffix}`;
}

interface OpenSet {
  readonly bracket: "" | "(" | "[";
  suffix: string | undefined;
  members: string[];
  attrs: Map<string, string>;
}

/** True when the words mean sets: brackets, set attributes or another number of plain words than `plain`. */
export function meansSets(words: readonly string[], plain: number): boolean {
  return words.length !== plain || words.some((w) => /^[([]|[)\]]$|^_rsc_set_$/.test(w));
}

/** `(d1` → `(`, `d1`. */
function separateBrackets(words: readonly string[]): readonly string[] {
  return words.flatMap((w) => {
    const parts = /^([([]?)(.*?)([)\]]?)$/s.exec(w);
    return [parts?.[1] ?? "", parts?.[2] ?? "", parts?.[3] ?? ""].filter((p) => p !== "");
  });
}

/**
 * Reads the members of resource sets. `command` names the constraint in errors.
 * @throws LanguageError for open, nested or mismatched brackets and empty sets.
 */
export function parseSets(
  command: string,
  given: readonly string[],
  kind: MemberSuffix,
  context: ParseContext,
): readonly XmlElement[] {
  const words = separateBrackets(given).filter((w) => w !== "_rsc_set_");
  const sets: XmlElement[] = [];
  let open: OpenSet | undefined;
  const close = () => {
    if (open !== undefined) sets.push(setElement(open, kind));
    open = undefined;
  };
  for (const [index, word] of words.entries()) {
    const rest = words.slice(index);
    if (word === "(" || word === "[") {
      if (open !== undefined && open.bracket !== "") throw syntaxError(command, rest);
      close();
      open = { bracket: word, suffix: undefined, members: [], attrs: new Map() };
    } else if (word === ")" || word === "]") {
      const expected = word === ")" ? "(" : "[";
      if (open?.bracket !== expected || open.members.length === 0) {
        throw syntaxError(command, rest);
      }
      close();
    } else if (/^(sequential|require-all)=/.test(word)) {
      if (open === undefined) throw syntaxError(command, rest);
      const eq = word.indexOf("=");
      const yes = /^(true|yes|on|1)$/i.test(word.slice(eq + 1));
      open.attrs.set(word.slice(0, eq), yes ? "true" : word.slice(eq + 1));
    } else {
      const member = parseMember(word, kind, context);
      if (member.instance !== undefined) throw syntaxError(command, rest);
      const current: OpenSet | undefined = open;
      if (
        current === undefined ||
        (current.members.length > 0 && current.suffix !== member.suffix)
      ) {
        const bracket = current?.bracket ?? "";
        if (bracket !== "") throw syntaxError(command, rest);
        close();
        open = { bracket: "", suffix: member.suffix, members: [], attrs: new Map() };
      }
      const target = open as OpenSet;
      target.suffix = member.suffix;
      target.members.push(member.id);
    }
  }
  if (open !== undefined && open.bracket !== "") throw syntaxError(command, words.slice(-1));
  close();
  if (sets.length === 0) throw syntaxError(command, given);
  return sets;
}

function setElement(open: OpenSet, kind: MemberSuffix): XmlElement {
  const attrs = new Map<string, string>();
  if (open.bracket === "[") attrs.set("require-all", "false");
  const sequential = open.attrs.get("sequential") ?? (open.bracket === "" ? "true" : "false");
  if (sequential !== "true") attrs.set("sequential", sequential);
  const requireAll = open.attrs.get("require-all");
  if (requireAll === "true") attrs.delete("require-all");
  else if (requireAll !== undefined) attrs.set("require-all", requireAll);
  if (open.suffix !== undefined) attrs.set(kind, open.suffix);
  const members = open.members.map((id) => element("resource_ref", { id }));
  return element("resource_set", attrs, members);
}

/** The words of all sets of a constraint. */
export function printSetWords(
  sets: readonly XmlElement[],
  kind: MemberSuffix,
  minimum: number,
): readonly string[] {
  const words: string[] = [];
  let members = 0;
  for (const set of sets) {
    const sequential = attr(set, "sequential") ?? "true";
    const requireAll = attr(set, "require-all") ?? "true";
    const refs = set.children.map((ref) => printMember(attr(ref, "id") ?? "", attr(set, kind)));
    members += refs.length;
    if (requireAll !== "true") {
      const extra = sequential === "true" ? [quoted("sequential", "true")] : [];
      words.push("[", ...refs, ...extra, "]");
    } else if (sequential !== "true") words.push("(", ...refs, ")");
    else words.push(...refs);
  }
  // A single sequential set of two would read as the simple form.
  const plain = words.every((w) => w !== "(" && w !== "[") && members === minimum;
  return plain ? ["_rsc_set_", ...words] : words;
}
