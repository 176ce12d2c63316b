/** Cluster options as written in `crm_config`, without rules: for decisions that must not depend on the time. */
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";

/** Value of a cluster option, first one found; undefined when it is not set. `root` is the `<cib>` element. */
export function writtenProperty(root: XmlElement, name: string): string | undefined {
  const configuration = child(root, "configuration");
  const options = configuration === undefined ? undefined : child(configuration, "crm_config");
  for (const set of options?.children ?? []) {
    for (const pair of childrenOf(set, "nvpair")) {
      if (attr(pair, "name") === name) return attr(pair, "value");
    }
  }
  return undefined;
}
