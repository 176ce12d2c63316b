/** crm_resource --digests: the parameter digests of an operation as the cluster would compute them now (spec D8). */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { operationDigests, parametersDigest } from "../../../lib/status/digests.ts";
import { parseIntervalMs } from "../../../lib/time/interval.ts";
import { element } from "../../../lib/xml/node.ts";
import { type ResourceContext, wantedNode, wantedResource } from "./context.ts";

/** NAME=VALUE words that replace parameters. */
function overridesOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at < 1) throw new CrmError(`'${word}' is no NAME=VALUE`, Exit.usage);
      return [word.slice(0, at), word.slice(at + 1)] as const;
    }),
  );
}

/** What each digest is made of, in words. */
const PARAMETERS = { all: "all", nonprivate: "non-private", nonreloadable: "non-reloadable" };

interface Shown {
  readonly type: keyof typeof PARAMETERS;
  readonly hash: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export function digests(context: ResourceContext): number {
  const { given, status, output } = context;
  const node = wantedNode(context);
  if (node === undefined) throw new CrmError("Must supply a node name with -N/--node", Exit.usage);
  const resource = wantedResource(context);
  const task = given.value("operation") ?? "start";
  const overrides = overridesOf(given.positionals);
  const recordedMs = parseIntervalMs(given.value("interval") ?? "0") ?? 0;
  // As in an operation's environment: plain milliseconds.
  const intervalMs = Number(overrides.get("CRM_meta_interval") ?? recordedMs);
  const history = status.histories.find(
    (h) => h.node === node && (h.id === resource.name || h.id === resource.historyId),
  );
  const entry = history?.operations.find(
    (op) => op.task === task && op.intervalMs === recordedMs,
  )?.xml;
  const surroundings = { cib: status.cib, now: status.now, recheckAt: () => {} };
  const found = operationDigests(surroundings, resource, node, task, intervalMs, entry);
  const all = new Map(found.parameters.all);
  for (const [name, value] of overrides) {
    const isMeta = name.startsWith("CRM_meta_");
    if (!isMeta || (name === "CRM_meta_timeout" && intervalMs > 0)) all.set(name, value);
  }
  const rows: Shown[] = [
    { type: "all", hash: parametersDigest(all), parameters: all },
    { type: "nonprivate", hash: found.secure, parameters: found.parameters.secure },
  ];
  if (found.restart !== undefined) {
    const parameters = found.parameters.restart ?? new Map<string, string>();
    rows.push({ type: "nonreloadable", hash: found.restart, parameters });
  }
  for (const row of rows) output.line(`${row.hash} (${PARAMETERS[row.type]} parameters)`);
  const name = given.value("resource") ?? resource.id;
  const head = { resource: name, node: node.name, task, interval: `${intervalMs}ms` };
  const inner = rows.map(({ type, hash, parameters }) =>
    element("digest", { type, hash }, [element("parameters", parameters)]),
  );
  output.xml(element("digests", head, inner));
  return Exit.ok;
}
