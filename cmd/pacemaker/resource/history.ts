/** crm_resource --cleanup, --refresh, --fail, --wait: what the running cluster is asked to forget or do (spec D8, runtime 4.6). */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { connectAttributes } from "../../../lib/client/attributes.ts";
import { connectController, type ResourceTarget } from "../../../lib/client/controller.ts";
import type { NodeState, ResourceState } from "../../../lib/status/state.ts";
import { leavesOf } from "../../../lib/status/tree.ts";
import { parseTimeoutMs } from "../../../lib/time/interval.ts";
import { collective, type ResourceContext, wantedNode, wantedResource } from "./context.ts";

interface Forgotten {
  readonly resource: ResourceState;
  readonly node: NodeState;
}

function historyNode(node: NodeState): boolean {
  return node.kind !== "guest" || node.connection !== undefined;
}

/** Histories that a refresh of this resource on these nodes is about. */
function histories(
  context: ResourceContext,
  resource: ResourceState | undefined,
  node: NodeState | undefined,
  onlyFailed: boolean,
): Forgotten[] {
  const names =
    resource === undefined ? undefined : new Set(leavesOf(resource).flatMap((l) => [l.id, l.name]));
  const failed = new Set(
    context.status.failures.map(
      (f) => `${f.node.name}\n${f.resource.historyId ?? f.resource.name}`,
    ),
  );
  const found: Forgotten[] = [];
  const leaves = context.status.resources.flatMap((r) => leavesOf(r));
  for (const history of context.status.histories) {
    if (node !== undefined && history.node !== node) continue;
    if (names !== undefined && !names.has(history.id)) continue;
    if (!historyNode(history.node)) continue;
    if (onlyFailed && !failed.has(`${history.node.name}\n${history.id}`)) continue;
    const leaf = leaves.find((l) => l.id === history.id || l.name === history.id);
    if (leaf !== undefined) found.push({ resource: leaf, node: history.node });
  }
  return found;
}

function targetOf({ resource, node }: Forgotten): ResourceTarget {
  const config = resource.config;
  if (config.kind !== "primitive")
    throw new CrmError(`${resource.id} is no primitive`, Exit.invalidParameter);
  const longId = resource.id === resource.name ? {} : { longId: resource.id };
  const provider = config.provider === undefined ? {} : { provider: config.provider };
  return {
    node: node.name,
    id: resource.name,
    ...longId,
    standard: config.standard,
    ...provider,
    type: config.agent,
    cibOnly: !node.online,
  };
}

/** Asks for each history to be deleted, waits for all answers. */
async function forget(context: ResourceContext, rows: readonly Forgotten[]): Promise<void> {
  if (rows.length === 0) return;
  const controller = await connectController(context.session);
  try {
    for (const row of rows) {
      await controller.deleteHistory(targetOf(row));
      context.output.line(`Cleaned up ${row.resource.name} on ${row.node.name}`);
    }
  } finally {
    controller.close();
  }
}

async function clearFailCounts(
  context: ResourceContext,
  resource: ResourceState | undefined,
  node: NodeState | undefined,
): Promise<void> {
  const attributes = await connectAttributes(context.session);
  const { given } = context;
  const operation = given.value("operation");
  const interval = given.value("interval");
  const which = {
    ...(node === undefined ? {} : { host: node.name }),
    ...(operation === undefined ? {} : { operation }),
    ...(interval === undefined ? {} : { interval }),
  };
  const names =
    resource === undefined ? [undefined] : [...new Set(leavesOf(resource).map((l) => l.name))];
  try {
    for (const name of names) {
      await attributes.clearFailures({
        ...which,
        ...(name === undefined ? {} : { resource: name }),
      });
    }
  } finally {
    attributes.close();
  }
}

/** What a file or shadow copy answers: there is nobody to ask. */
function dryRun(
  context: ResourceContext,
  resource: ResourceState | undefined,
  node: NodeState | undefined,
): number {
  const where = node?.name ?? "all nodes";
  const rows = resource === undefined ? [] : leavesOf(resource);
  if (resource === undefined) {
    context.output.line(`Dry run: skipping clean-up of ${where} due to CIB_file`);
  }
  for (const leaf of rows) {
    context.output.line(`Dry run: skipping clean-up of ${leaf.name} on ${where} due to CIB_file`);
  }
  return Exit.ok;
}

/** -C (only what failed) and -R (everything). */
export async function cleanUp(context: ResourceContext, onlyFailed: boolean): Promise<number> {
  const node = wantedNode(context);
  const named = context.given.value("resource");
  const resource = named === undefined ? undefined : collective(context, wantedResource(context));
  if (context.source.kind !== "live") return dryRun(context, resource, node);
  await clearFailCounts(context, resource, node);
  const rows = histories(context, resource, node, onlyFailed);
  await forget(context, rows);
  if (named === undefined) {
    context.output.line(`Cleaned up all resources on ${node?.name ?? "all nodes"}`);
  }
  return Exit.ok;
}

/** -F */
export async function fail(context: ResourceContext): Promise<number> {
  const resource = wantedResource(context);
  const node = wantedNode(context);
  if (node === undefined) throw new CrmError("Must supply a node name with -N/--node", Exit.usage);
  if (context.source.kind !== "live") {
    throw new CrmError("Only the running cluster can be told of a failure", Exit.unimplemented);
  }
  const controller = await connectController(context.session);
  try {
    await controller.failResource(targetOf({ resource, node }));
  } finally {
    controller.close();
  }
  return Exit.ok;
}

const SETTLE_POLL_MS = 500;
const QUIET_POLLS = 3;

/** --wait: until the controller is idle and stays so. */
export async function waitSettled(context: ResourceContext): Promise<number> {
  const limit = parseTimeoutMs(context.given.value("timeout") ?? "") ?? Number.POSITIVE_INFINITY;
  const until = context.session.now() + limit;
  const controller = await connectController(context.session);
  try {
    for (let quiet = 0; quiet < QUIET_POLLS; ) {
      quiet = (await controller.ping()).state === "S_IDLE" ? quiet + 1 : 0;
      if (context.session.now() > until) {
        throw new CrmError("The cluster has not settled in time", Exit.timeout);
      }
      await context.session.sleep(SETTLE_POLL_MS);
    }
  } finally {
    controller.close();
  }
  return Exit.ok;
}
