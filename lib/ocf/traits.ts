/**
 * What the manager needs to know of an agent to tell a reload from a restart, and a secret from the rest (spec/runtime.md
 * 3.11): OCF 1.1 agents mark parameters as reloadable; older ones that can reload do so for what is not unique.
 */
import { attr, child } from "../xml/node.ts";
import { metadataRoot } from "./metadata.ts";

export interface AgentTraits {
  /** The word that reloads; undefined: it cannot. */
  readonly reload: "reload-agent" | "reload" | undefined;
  /** Parameters whose change needs a restart, in reverse order of the meta-data. */
  readonly restart: readonly string[];
  /** Parameters that nobody should read, in the same order. */
  readonly secret: readonly string[];
}

/** Secret where the agent marks nothing as private. */
const SECRET_BY_NAME: ReadonlySet<string> = new Set(["password", "passwd", "user"]);

function isTrue(value: string | undefined): boolean {
  return value === "1" || value === "true";
}

function isAtLeast11(version: string): boolean {
  const [major = 0, minor = 0] = version.trim().split(".").map(Number);
  return major > 1 || (major === 1 && minor >= 1);
}

/**
 * Reads the output of an agent's meta-data action.
 * @throws XmlError when it is no XML
 */
export function readTraits(text: string, agent: string): AgentTraits {
  const root = metadataRoot(text, agent);
  const version = child(root, "version")?.text ?? "1.0";
  const actions = new Set((child(root, "actions")?.children ?? []).map((a) => attr(a, "name")));
  const parameters = (child(root, "parameters")?.children ?? [])
    .filter((p) => p.name === "parameter" && attr(p, "name") !== undefined)
    .reverse();
  const names = (chosen: typeof parameters) => chosen.map((p) => attr(p, "name")!);
  const isModern = isAtLeast11(version);
  const word = isModern ? "reload-agent" : "reload";
  const marked = parameters.filter((p) => isTrue(attr(p, "private")));
  return {
    reload: actions.has(word) ? word : undefined,
    restart: names(
      parameters.filter((p) =>
        isModern ? !isTrue(attr(p, "reloadable")) : isTrue(attr(p, "unique")),
      ),
    ),
    secret: names(
      marked.length > 0 ? marked : parameters.filter((p) => SECRET_BY_NAME.has(attr(p, "name")!)),
    ),
  };
}
