/** Holds a tree against the table of schema.ts: unknown names, wrong values, missing entries; with what is allowed. */
import { isIpv4, isIpv6 } from "../base/ip-address.ts";
import { misspelt, rootRule, type SectionRule, type ValueRule } from "./schema.ts";
import { nearest } from "./suggest.ts";
import type { ConfNode, Problem } from "./tree.ts";

function isAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/** A name that could be an address, such as 300.1.1.1, must be one. */
function isHost(text: string): boolean {
  if (isAddress(text)) return true;
  return /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text) && !/^[\d.]+$/.test(text);
}

/** What is wrong with a value, or undefined. */
function valueError(value: string, rule: ValueRule): string | undefined {
  switch (rule.kind) {
    case "text":
      return undefined;
    case "words":
      return rule.words.includes(value)
        ? undefined
        : `is "${value}", but must be ${rule.words.length === 1 ? "" : "one of: "}${rule.words.join(", ")}`;
    case "number": {
      const n = Number(value);
      return /^-?\d+$/.test(value) && n >= rule.min && n <= rule.max
        ? undefined
        : `is "${value}", but must be a whole number from ${rule.min} to ${rule.max}`;
    }
    case "address":
      return isAddress(value) ? undefined : `is "${value}", but must be an IP address`;
    case "host":
      return isHost(value) ? undefined : `is "${value}", but must be an IP address or a host name`;
    case "path":
      return value.startsWith("/") ? undefined : `is "${value}", but must be an absolute path`;
  }
}

/** `Did you mean x?` when a word is near, else all the words. */
function hint(word: string, allowed: readonly string[], what: string): string {
  const near = nearest(word, allowed);
  if (near !== undefined) return `; did you mean ${near}?`;
  return allowed.length === 0 ? "" : `; ${what}: ${allowed.join(", ")}`;
}

function checkSection(
  children: readonly ConfNode[],
  rule: SectionRule,
  path: string,
  line: number,
): readonly Problem[] {
  const problems: Problem[] = [];
  const error = (at: number, text: string) => problems.push({ line: at, severity: "error", text });
  const where = path === "" ? "at the top level" : `in section ${path}`;
  const sections = rule.sections ?? {};
  for (const child of children) {
    if (child.kind === "remark") continue;
    if (child.kind === "entry") {
      const valueRule = Object.hasOwn(rule.entries, child.key)
        ? rule.entries[child.key]
        : undefined;
      if (valueRule === undefined) {
        const help = hint(child.key, Object.keys(rule.entries), "allowed here");
        error(child.line, `unknown entry ${child.key} ${where}${help}`);
        continue;
      }
      const wrong = valueError(child.value, valueRule);
      const full = path === "" ? child.key : `${path}.${child.key}`;
      if (wrong !== undefined) error(child.line, `${full} ${wrong}`);
      continue;
    }
    const right = path === "" ? misspelt[child.name] : undefined;
    if (right !== undefined) {
      const text = `section ${child.name} is taken as ${right}`;
      problems.push({ line: child.line, severity: "warning", text });
    }
    const name = right ?? child.name;
    const inner = Object.hasOwn(sections, name) ? sections[name] : undefined;
    if (inner === undefined) {
      const help = hint(child.name, Object.keys(sections), "allowed here");
      error(child.line, `unknown section ${child.name} ${where}${help}`);
      continue;
    }
    const innerPath = path === "" ? name : `${path}.${name}`;
    problems.push(...checkSection(child.children, inner, innerPath, child.line));
  }
  for (const key of rule.needs ?? []) {
    if (!children.some((c) => c.kind === "entry" && c.key === key)) {
      error(line, `section ${path} has no entry ${key}`);
    }
  }
  return problems;
}

/** All problems of a file's content, by line. */
export function checkConf(children: readonly ConfNode[]): readonly Problem[] {
  return checkSection(children, rootRule, "", 0);
}
