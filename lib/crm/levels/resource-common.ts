/** What all commands of the level `resource` share. */
import { idOf, type XmlElement } from "../../xml/node.ts";
import { LanguageError } from "../language/syntax.ts";
import { type ConfigObject, findObject, listObjects } from "../objects.ts";
import type { AttributePlace } from "./attributes.ts";
import type { Shell } from "./shell.ts";

/** A resource of any kind (templates too where they make sense). @throws LanguageError */
export function resourceNamed(root: XmlElement, id: string): ConfigObject {
  const found = findObject(root, id);
  if (found === undefined || found.kind.section !== "resources") {
    throw new LanguageError(`resource ${id} does not exist`);
  }
  return found;
}

/** The meta-attributes that say what a resource should do: a clone's, where the resource is what it clones. */
export function metaPlace(id: string): AttributePlace {
  return {
    owner: (root) => {
      const { element: el, container } = resourceNamed(root, id);
      return container === undefined || container.name === "group" ? el : container;
    },
    setName: "meta_attributes",
    setId: (owner) => `${idOf(owner)}-meta_attributes`,
  };
}

export async function completeResources(shell: Shell): Promise<readonly string[]> {
  const { root } = await shell.ports.cib.query();
  return listObjects(root)
    .filter((o) => o.kind.section === "resources")
    .map((o) => o.id);
}

/** Waits for the cluster where the person or the options want it. */
export async function settleIfWanted(shell: Shell): Promise<void> {
  if (shell.switches.wait || shell.options.wait === "yes") await shell.ports.cluster.settle();
}
