/**
 * Is a document a valid configuration: checked against the table of elements, with messages that say where, what and what
 * would be right (HOUSE section 5, Schema). Subtrees that passed are remembered, so checking a small change is cheap.
 */
import { parseScore } from "../base/score.ts";
import { COMMENT, childrenOf, type XmlElement } from "../xml/node.ts";
import { findCursor, pathText, rootCursor, stepText } from "../xml/path.ts";
import { type ElementRule, ruleOf, type ValueType } from "./elements.ts";
import { formProblem, referencesOf } from "./forms.ts";
import { schemaOf } from "./schema.ts";

/** One finding. `path` is the element's, as pathText writes it. */
export interface ValidationProblem {
  readonly path: string;
  readonly element: string;
  /** What is wrong, one sentence without a final dot. */
  readonly text: string;
  /** What would be right, if we can tell. */
  readonly hint?: string;
}

/** More than a person can read at once. */
const MAXIMUM_PROBLEMS = 50;

/** Elements known to be valid, by schema number. Trees are immutable, so this never goes stale. */
const passed = new Map<number, WeakSet<XmlElement>>();

/** How a finding is written in one line: `PATH: TEXT (HINT)`. */
export function problemText(problem: ValidationProblem): string {
  const hint = problem.hint === undefined ? "" : ` (${problem.hint})`;
  return `${problem.path}: ${problem.text}${hint}`;
}

/** The same with the element's name in front, as validators write it. */
export function problemLine(problem: ValidationProblem): string {
  return `element ${problem.element}: ${problemText(problem)}`;
}

/** Everything that is wrong with a `<cib>`; an empty list when it is valid. */
export function validateCib(root: XmlElement): readonly ValidationProblem[] {
  if (root.name !== "cib") {
    return [
      {
        path: `/${root.name}`,
        element: root.name,
        text: "a configuration begins with <cib>",
      },
    ];
  }
  const claimed = root.attrs.get("validate-with");
  const schema = schemaOf(claimed);
  if (schema === "none") return [];
  if (schema === undefined) {
    return [
      {
        path: "/cib",
        element: "cib",
        text:
          claimed === undefined
            ? "the attribute validate-with is missing"
            : `validate-with names the unknown schema "${claimed}"`,
        hint: "use pacemaker-1.0 to pacemaker-4.0",
      },
    ];
  }
  const check = new Check(schema);
  check.element(root);
  if (check.problems.length === 0) check.ids(root);
  return check.problems;
}

class Check {
  readonly problems: ValidationProblem[] = [];
  readonly #schema: number;
  readonly #passed: WeakSet<XmlElement>;
  /** From the root down to the element that is looked at. */
  readonly #way: XmlElement[] = [];

  constructor(schema: number) {
    this.#schema = schema;
    let known = passed.get(schema);
    if (known === undefined) {
      known = new WeakSet();
      passed.set(schema, known);
    }
    this.#passed = known;
  }

  element(node: XmlElement): void {
    if (this.problems.length >= MAXIMUM_PROBLEMS) return;
    if (node.children.length > 0 && this.#passed.has(node)) return;
    this.#way.push(node);
    this.#checkElement(node);
    this.#way.pop();
  }

  #checkElement(node: XmlElement): void {
    const before = this.problems.length;
    const rule = ruleOf(node.name);
    if (rule === undefined) {
      this.#add(`there is no element <${node.name}> in a configuration`);
      return;
    }
    this.#attributes(node, rule);
    if (!rule.open) this.#children(node, rule);
    if (this.problems.length === before) {
      const problem = formProblem(node, this.#way.at(-2));
      if (problem !== undefined) this.#add(problem);
    }
    // A leaf is checked sooner than remembered.
    if (this.problems.length === before && node.children.length > 0) this.#passed.add(node);
  }

  /** A problem of the element at the end of the way, or of `child` in it. */
  #add(text: string, hint?: string, child?: XmlElement): void {
    const way = child === undefined ? this.#way : [...this.#way, child];
    this.#report(way.at(-1)!, `/${way.map(stepText).join("/")}`, text, hint);
  }

  #report(node: XmlElement, path: string, text: string, hint?: string): void {
    if (this.problems.length >= MAXIMUM_PROBLEMS) return;
    const problem = { path, element: node.name, text };
    this.problems.push(hint === undefined ? problem : { ...problem, hint });
  }

  #attributes(node: XmlElement, rule: ElementRule): void {
    for (const [name, value] of node.attrs) {
      const attr = rule.attrs.get(name);
      if (attr === undefined || this.#isGone(attr.until)) {
        if (name.startsWith("xmlns") || name.includes(":")) continue;
        const known = [...rule.attrs.values()].filter((a) => !this.#isGone(a.until));
        this.#add(`unknown attribute "${name}"`, suggestion(name, namesOf(known)));
        continue;
      }
      const expected = wrongValue(attr.type, value);
      if (expected !== undefined) {
        this.#add(`"${value}" is not allowed for ${name}`, `allowed: ${expected}`);
      }
    }
    const isReference = node.attrs.has("id-ref") && rule.attrs.has("id-ref");
    for (const name of rule.required) {
      if (isReference || node.attrs.has(name)) continue;
      this.#add(`the attribute "${name}" is missing`);
    }
    if (rule.alternatives.length === 0) return;
    if (!rule.alternatives.some((names) => names.every((name) => node.attrs.has(name)))) {
      const choices = rule.alternatives.map((names) => names.join(" and ")).join(", or ");
      this.#add("required attributes are missing", `needed: ${choices}`);
    }
  }

  #children(node: XmlElement, rule: ElementRule): void {
    const seen = new Set<string>();
    for (const child of node.children) {
      if (child.name === COMMENT) continue;
      const childRule = rule.children.get(child.name);
      if (childRule === undefined || this.#isGone(childRule.until)) {
        const known = [...rule.children.values()].filter((c) => !this.#isGone(c.until));
        const hint =
          known.length === 0
            ? `<${node.name}> has no children`
            : suggestion(child.name, namesOf(known));
        this.#add(`<${child.name}> is not allowed in <${node.name}>`, hint, child);
        continue;
      }
      if (childRule.maximum === 1 && seen.has(child.name)) {
        this.#add(`<${node.name}> has more than one <${child.name}>`, undefined, child);
      }
      seen.add(child.name);
      this.element(child);
    }
    for (const name of rule.needed) {
      if (!seen.has(name)) this.#add(`<${name}> is missing in <${node.name}>`);
    }
    if (node.text !== undefined && node.text.trim() !== "") {
      this.#add(`<${node.name}> holds text`, "values belong into attributes");
    }
  }

  #isGone(until: number | undefined): boolean {
    return until !== undefined && this.#schema >= until;
  }

  /** Ids name one element each in the whole configuration, and references lead to one. */
  ids(root: XmlElement): void {
    const seen = new Map<string, XmlElement>();
    const references: { readonly node: XmlElement; readonly name: string }[] = [];
    const visit = (node: XmlElement): void => {
      const id = node.attrs.get("id");
      if (id !== undefined && ruleOf(node.name)?.attrs.get("id")?.type === "id") {
        const other = seen.get(id);
        if (other === undefined) seen.set(id, node);
        else {
          const hint = `also by ${pathIn(root, other)}`;
          this.#report(node, pathIn(root, node), `the id "${id}" is used twice`, hint);
        }
      }
      for (const name of referencesOf(node)) references.push({ node, name });
      for (const child of node.children) visit(child);
    };
    for (const section of childrenOf(root, "configuration")) visit(section);
    for (const { node, name } of references) {
      const target = node.attrs.get(name);
      if (target === undefined || seen.has(target)) continue;
      this.#report(node, pathIn(root, node), `${name} names "${target}", which does not exist`);
    }
  }
}

/** Looked for only when something is wrong: elements do not know where they stand. */
function pathIn(root: XmlElement, node: XmlElement): string {
  return pathText(findCursor(rootCursor(root), (other) => other === node)!);
}

function namesOf(rules: readonly { readonly name: string }[]): readonly string[] {
  return rules.map((rule) => rule.name);
}

/** A name that was probably meant, else all of them. */
function suggestion(wrong: string, known: readonly string[]): string {
  const near = known.find((name) => distance(wrong.toLowerCase(), name.toLowerCase()) <= 2);
  return near === undefined ? `allowed: ${known.join(", ")}` : `did you mean "${near}"?`;
}

/** Edit distance, cut off at 3. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost));
    }
    row = next;
  }
  return row[b.length]!;
}

/** What is allowed, when the value is not. */
function wrongValue(type: ValueType, value: string): string | undefined {
  if (typeof type === "object") return type.includes(value) ? undefined : type.join(", ");
  switch (type) {
    case "text":
    case "interval":
      return undefined;
    case "id":
      return isName(value) ? undefined : "a letter or _, then letters, digits, . _ -";
    case "score":
      return parseScore(value) !== undefined && /^[+-]?(\d+|INFINITY)$/.test(value)
        ? undefined
        : "a whole number, INFINITY or -INFINITY";
    case "boolean":
      return /^(true|false|1|0)$/.test(value) ? undefined : "true, false";
    case "count":
      return /^\d+$/.test(value) ? undefined : "a whole number from 0";
    case "port":
      return /^\d+$/.test(value) && Number(value) <= 65_535 ? undefined : "a port number";
  }
}

/** A name without colon, as XML defines the type ID. */
export function isName(value: string): boolean {
  // Most names are plain, and the test for them is several times faster.
  return /^[A-Za-z_][\w.-]*$/.test(value) || /^[\p{L}_][\p{L}\p{N}\p{M}._\u00b7-]*$/u.test(value);
}
