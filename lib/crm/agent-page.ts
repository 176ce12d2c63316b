/** Meta-data of an agent as a page to read, its parameters as a help box, and lists in columns. */
import type { AgentInfo, AgentParameter } from "../ocf/metadata.ts";

const MARGIN = "    ";

function indent(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => `${MARGIN}${line.trim()}`.trimEnd())
    .join("\n");
}

function head(parameter: AgentParameter): string {
  const { name, type, defaultValue, required } = parameter;
  const fallback = defaultValue === undefined || defaultValue === "" ? "" : `, [${defaultValue}]`;
  return `${name}${required ? "*" : ""} (${type}${fallback}): `;
}

/** The help of one parameter, as completion shows it. */
export function parameterHelp(parameter: AgentParameter): string {
  return `${head(parameter)}${parameter.shortDescription}\n${indent(parameter.longDescription)}`;
}

/** The whole page of `ra meta`. */
export function agentPage(info: AgentInfo, name: string): string {
  const parts = [`${info.shortDescription} (${name})`, info.longDescription.trim()];
  if (info.parameters.length > 0) {
    parts.push(
      "Parameters (* denotes required, [] the default):",
      ...info.parameters.map(parameterHelp),
    );
  }
  if (info.actions.length > 0) {
    const rows = info.actions
      .filter((a) => !["meta-data", "validate-all", "status"].includes(a.name))
      .map((a) => {
        const role = a.attrs.get("role");
        const word = role === undefined ? a.name : `${a.name}_${role}`;
        const times = ["timeout", "interval", "start-delay", "depth"]
          .filter((n) => (a.attrs.get(n) ?? "0") !== "0")
          .map((n) => `${n}=${a.attrs.get(n)}`);
        return `${MARGIN}${word.padEnd(13)} ${times.join(" ")}`.trimEnd();
      });
    parts.push("Operations' defaults (advisory minimum):", rows.join("\n"));
  }
  return `${parts.filter((p) => p !== "").join("\n\n")}\n`;
}

/** Words in columns, row by row, as wide as the longest word asks for. */
export function columns(words: readonly string[], width: number): string {
  const cell = Math.max(16, ...words.map((w) => w.length + 1));
  const perRow = Math.max(1, Math.floor(width / cell));
  const rows: string[] = [];
  for (let at = 0; at < words.length; at += perRow) {
    rows.push(
      words
        .slice(at, at + perRow)
        .map((w) => w.padEnd(cell))
        .join("")
        .trimEnd(),
    );
  }
  return rows.join("\n");
}
