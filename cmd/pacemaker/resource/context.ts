/** What every command of crm_resource works with, and how it finds resources and nodes (spec/outputs-and-tools D8). */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { exitOfResult, resultText } from "../../../lib/base/result-code.ts";
import type { CibRequest } from "../../../lib/cib/operations.ts";
import type { ParsedOptions, Session } from "../../../lib/cli/tool.ts";
import type { CibSource } from "../../../lib/client/cib-source.ts";
import type { ClusterStatus, NodeState, ResourceState } from "../../../lib/status/state.ts";
import { readStatus } from "../../../lib/status/status.ts";
import { topOf, withoutInstance } from "../../../lib/status/tree.ts";
import type { ToolOutput } from "../tool-output.ts";

export interface ResourceContext {
  readonly given: ParsedOptions;
  readonly session: Session;
  readonly source: CibSource;
  readonly output: ToolOutput;
  readonly status: ClusterStatus;
}

/** Every resource, parents before children. */
export function allResources(status: ClusterStatus): ResourceState[] {
  const walk = (r: ResourceState): ResourceState[] => [r, ...r.children.flatMap(walk)];
  return status.resources.flatMap(walk);
}

/** By id, by the shared name of anonymous instances, by the name in the history, or by an instance's base name. */
export function findResource(status: ClusterStatus, name: string): ResourceState | undefined {
  const all = allResources(status);
  return (
    all.find((r) => r.id === name) ??
    all.find((r) => r.name === name || r.historyId === name) ??
    all.find((r) => withoutInstance(r.id) === name)
  );
}

/** The resource of -r. Throws CrmError: 64 without -r, 105 when there is none. */
export function wantedResource(context: ResourceContext): ResourceState {
  const name = context.given.value("resource");
  if (name === undefined) {
    throw new CrmError("Must supply a resource ID with -r/--resource", Exit.usage);
  }
  const found = findResource(context.status, name);
  if (found === undefined) throw failure(Exit.noSuch, `Resource '${name}' not found`);
  return found;
}

/** The node of -N, where given. Throws CrmError 105 when there is none. */
export function wantedNode(context: ResourceContext): NodeState | undefined {
  const name = context.given.value("node");
  if (name === undefined) return undefined;
  const found = context.status.nodes.find((n) => n.name === name || n.id === name);
  if (found === undefined) throw failure(Exit.noSuch, `Node '${name}' not found`);
  return found;
}

const EXIT_WORDS: Readonly<Record<number, string>> = {
  [Exit.invalidParameter]: "Invalid parameter",
  [Exit.noSuch]: "No such object",
  [Exit.exists]: "Requested item already exists",
  [Exit.multiple]: "Multiple items match request",
  [Exit.error]: "Error occurred",
  [Exit.timeout]: "Timeout occurred",
};

/** The usual ending of a failed command: what, then the exit code in words. */
export function failure(exit: number, specific?: string): CrmError {
  const words = EXIT_WORDS[exit] ?? "Error occurred";
  const head = specific === undefined ? "" : `${specific}\n`;
  return new CrmError(`${head}Error performing operation: ${words}`, exit);
}

/** Commands that mean the whole clone refuse a numbered instance. */
export function refuseInstance(context: ResourceContext, resource: ResourceState): void {
  const name = context.given.value("resource") ?? "";
  if (name !== withoutInstance(name) && resource.id === name && resource.instance !== undefined) {
    const text = `Cannot operate on clone resource instance '${name}'`;
    throw failure(Exit.invalidParameter, text);
  }
}

/** The resource that constraints and clean-ups are about: the outermost, unless forced. */
export function collective(context: ResourceContext, resource: ResourceState): ResourceState {
  return context.given.flag("force") ? resource : topOf(resource);
}

/** The id under which the configuration knows a resource. */
export function configId(resource: ResourceState): string {
  return resource.config.id;
}

/** Applies one change. Throws CrmError with the CIB's answer when it is refused. */
export async function change(context: ResourceContext, request: CibRequest): Promise<void> {
  const answer = await context.source.apply(request);
  if (answer.rc === 0) return;
  const why = answer.why ?? resultText(answer.rc);
  throw new CrmError(
    `${why}\nError performing operation: ${resultText(answer.rc)}`,
    exitOfResult(answer.rc),
  );
}

/** The status after a change. */
export async function freshStatus(context: ResourceContext): Promise<ClusterStatus> {
  return readStatus(await context.source.document(), Math.floor(context.session.now() / 1000));
}
