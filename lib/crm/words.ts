/** Names people may want completed, from the tables of lib/cib: cluster properties, meta-attributes, operations. */
import { operationMeta, resourceMeta } from "../cib/meta.ts";
import { type ClusterOption, clusterOption, clusterOptions } from "../cib/options.ts";

/** Older names too: most configurations use stonith-enabled. */
export const clusterProperties: readonly string[] = clusterOptions.flatMap((o) => [
  ...o.aliases,
  o.name,
]);
export const metaAttributes: readonly string[] = resourceMeta.map((m) => m.name);
export const operationAttributes: readonly string[] = operationMeta.map((m) => m.name);

/** The help box of a cluster property or meta-attribute, for completion behind `name=`. */
export function settingHelp(name: string): string | undefined {
  const found: Pick<ClusterOption, "name" | "type" | "values" | "default" | "help"> | undefined =
    clusterOption(name) ?? resourceMeta.find((m) => m.name === name);
  if (found === undefined) return undefined;
  const type = found.values === undefined ? found.type : found.values.join("|");
  const fallback = found.default === undefined ? "" : `, [${found.default}]`;
  return `${name} (${type}${fallback}): ${found.help}`;
}
