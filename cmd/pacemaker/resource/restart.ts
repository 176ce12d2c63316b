/**
 * crm_resource --restart: stops a resource by its target-role, waits until the cluster has settled, and puts back what was
 * configured (spec/outputs-and-tools D8). What was configured comes back even when stopping takes too long.
 */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { CallOption } from "../../../lib/cib/operations.ts";
import type { ResourceState } from "../../../lib/status/state.ts";
import { attr, childrenOf, element, idOf } from "../../../lib/xml/node.ts";
import {
  change,
  collective,
  configId,
  findResource,
  freshStatus,
  type ResourceContext,
  refuseInstance,
  wantedResource,
} from "./context.ts";
import { waitSettled } from "./history.ts";
import { placesOf } from "./queries.ts";

const ROLE = "target-role";

interface RolePair {
  readonly set: string;
  readonly id: string;
  /** The value configured; undefined when there is no such pair. */
  readonly value: string | undefined;
}

function rolePair(resource: ResourceState): RolePair {
  const { xml } = resource.config;
  for (const set of childrenOf(xml, "meta_attributes")) {
    const pair = childrenOf(set, "nvpair").find((p) => attr(p, "name") === ROLE);
    if (pair !== undefined) return { set: idOf(set), id: idOf(pair), value: attr(pair, "value") };
  }
  const [first] = childrenOf(xml, "meta_attributes");
  const set = first === undefined ? `${configId(resource)}-meta_attributes` : idOf(first);
  return { set, id: `${set}-${ROLE}`, value: undefined };
}

async function setRole(
  context: ResourceContext,
  resource: ResourceState,
  pair: RolePair,
  value: string,
): Promise<void> {
  const { xml } = resource.config;
  const inner = element("nvpair", { id: pair.id, name: ROLE, value });
  const data = element(xml.name, { id: idOf(xml) }, [
    element("meta_attributes", { id: pair.set }, [inner]),
  ]);
  const options = CallOption.canCreate;
  await change(context, { op: "cib_modify", section: "resources", data, options });
}

async function putBack(
  context: ResourceContext,
  resource: ResourceState,
  pair: RolePair,
): Promise<void> {
  if (pair.value !== undefined) return setRole(context, resource, pair, pair.value);
  const data = element("nvpair", { id: pair.id, name: ROLE });
  await change(context, { op: "cib_delete", section: "resources", data });
}

async function runsNow(context: ResourceContext, id: string): Promise<boolean> {
  const found = findResource(await freshStatus(context), id);
  return found !== undefined && placesOf(found).length > 0;
}

export async function restart(context: ResourceContext): Promise<number> {
  const asked = wantedResource(context);
  refuseInstance(context, asked);
  if (context.given.value("node") !== undefined) {
    throw new CrmError(
      "--restart on one node is not available yet: ban and clear it there",
      Exit.unimplemented,
    );
  }
  if (context.source.kind !== "live") {
    throw new CrmError("Only the running cluster can restart a resource", Exit.unimplemented);
  }
  const resource = collective(context, asked);
  const id = configId(resource);
  if (placesOf(resource).length === 0) {
    throw new CrmError(`${id} is not running anywhere and so cannot be restarted`, Exit.noSuch);
  }
  const pair = rolePair(resource);
  await setRole(context, resource, pair, "Stopped");
  let stopped = false;
  try {
    await waitSettled(context);
    stopped = !(await runsNow(context, id));
  } finally {
    await putBack(context, resource, pair);
  }
  await waitSettled(context);
  if (!stopped)
    throw new CrmError(`${id} did not stop; its configuration is as before`, Exit.error);
  if (!(await runsNow(context, id))) throw new CrmError(`${id} did not start again`, Exit.error);
  context.output.line(`Restarted ${id}`);
  return Exit.ok;
}
