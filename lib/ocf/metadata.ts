/**
 * Meta-data of resource and fence agents (OCF Resource Agent API): XML in, parameters and advised actions out. Documents may
 * name the API's document type; it is dropped, as the parser refuses all document types.
 */
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";
import { parseXml } from "../xml/parse.ts";

export interface AgentParameter {
  readonly name: string;
  readonly required: boolean;
  readonly unique: boolean;
  /** string, integer, boolean, select, time, … */
  readonly type: string;
  readonly defaultValue: string | undefined;
  readonly shortDescription: string;
  readonly longDescription: string;
}

export interface AgentAction {
  readonly name: string;
  /** As written: timeout, interval, depth, role, … */
  readonly attrs: ReadonlyMap<string, string>;
}

/** What an agent says of itself. */
export interface AgentInfo {
  readonly name: string;
  readonly shortDescription: string;
  readonly longDescription: string;
  readonly parameters: readonly AgentParameter[];
  readonly actions: readonly AgentAction[];
}

/**
 * The document that an agent's meta-data action prints.
 * @throws XmlError when it is no XML
 */
export function metadataRoot(text: string, agent: string): XmlElement {
  const bare = text.trim().replace(/<!DOCTYPE\s+[\w.-]+\s+SYSTEM\s+("[^"]*"|'[^']*')\s*>/, "");
  return parseXml(bare, `meta-data of ${agent}`);
}

/**
 * Reads the output of an agent's meta-data action.
 * @throws XmlError when it is no XML
 */
export function readMetadata(text: string, agent: string): AgentInfo {
  const root = metadataRoot(text, agent);
  const parameters = child(root, "parameters")?.children ?? [];
  const actions = child(root, "actions")?.children ?? [];
  return {
    name: attr(root, "name") ?? agent,
    shortDescription: described(root, "shortdesc"),
    longDescription: described(root, "longdesc"),
    parameters: parameters.filter((p) => p.name === "parameter").map(parameter),
    actions: actions
      .filter((a) => a.name === "action")
      .map((a) => ({ name: attr(a, "name") ?? "", attrs: a.attrs })),
  };
}

function described(owner: XmlElement, name: string): string {
  const all = childrenOf(owner, name);
  const english = all.find((d) => (attr(d, "lang") ?? "en").startsWith("en")) ?? all[0];
  return english?.text?.trim() ?? "";
}

function parameter(el: XmlElement): AgentParameter {
  const content = child(el, "content");
  return {
    name: attr(el, "name") ?? "",
    required: isTrue(attr(el, "required")),
    unique: isTrue(attr(el, "unique")),
    type: (content === undefined ? undefined : attr(content, "type")) ?? "string",
    defaultValue: content === undefined ? undefined : attr(content, "default"),
    shortDescription: described(el, "shortdesc"),
    longDescription: described(el, "longdesc"),
  };
}

function isTrue(value: string | undefined): boolean {
  return value === "1" || value === "true" || value === "yes";
}
