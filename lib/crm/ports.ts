/**
 * What a level of the shell may ask of a cluster and of its host (HOUSE section 1, crm/ports). cmd/crm/ports.ts answers
 * for a live cluster, a CIB file or a shadow; tests answer from memory. Nothing else of the shell touches the world.
 */
import type { CibDoc, CibVersion } from "../cib/document.ts";
import type { AgentInfo } from "../ocf/metadata.ts";

/** What became of a commit. */
export type CommitOutcome =
  | { readonly kind: "done" }
  /** Somebody changed the configuration since it was read; nothing was written. */
  | { readonly kind: "stale"; readonly read: CibVersion; readonly current: CibDoc }
  | { readonly kind: "refused"; readonly text: string };

/** The configuration this shell works on. */
export interface CibPort {
  /** "live", or the name of the shadow in use. */
  readonly name: string;
  /** True when a running cluster answers, not a file. */
  readonly live: boolean;
  /** @throws CrmError when nobody answers or the file cannot be read */
  query(): Promise<CibDoc>;
  /** Sends the difference from `base` to `edited`, carrying the version of `base`. */
  commit(base: CibDoc, edited: CibDoc): Promise<CommitOutcome>;
  /** Changes something at once, outside `configure` (resource stop, node standby); repeated when somebody was faster. */
  change(edit: (doc: CibDoc) => CibDoc): Promise<CommitOutcome>;
}

/** Shadow copies of the CIB. */
export interface ShadowPort {
  list(): Promise<readonly string[]>;
  /** Makes a copy of the configuration in use. @throws CrmError when it exists and `force` is not given */
  create(
    name: string,
    options: { readonly force: boolean; readonly empty: boolean },
  ): Promise<void>;
  /** undefined: back to live. @throws CrmError when there is none of this name */
  use(name: string | undefined): Promise<void>;
  remove(name: string): Promise<void>;
  /** The live configuration. */
  liveDoc(): Promise<CibDoc>;
  read(name: string): Promise<CibDoc>;
  commit(name: string): Promise<CommitOutcome>;
}

export interface AgentName {
  readonly standard: string;
  readonly provider: string | undefined;
  readonly type: string;
}

/** The agents of this host. */
export interface AgentPort {
  /** Classes, with the providers of those that have some. */
  classes(): readonly { readonly name: string; readonly providers: readonly string[] }[];
  list(standard: string, provider: string | undefined): readonly string[];
  /** Providers of an ocf agent. */
  providersOf(type: string): readonly string[];
  /** undefined when there is no such agent or its meta-data cannot be read. */
  info(agent: AgentName): Promise<AgentInfo | undefined>;
  /** True when the agent is there, with or without meta-data. */
  exists(agent: AgentName): boolean;
  /** Runs validate-all with these parameters. */
  validate(
    agent: AgentName,
    parameters: ReadonlyMap<string, string>,
  ): Promise<{ readonly exit: number; readonly text: string }>;
}

/** What crm_verify would say of a configuration. */
export interface VerifyResult {
  /** Whole lines, most important first. */
  readonly lines: readonly string[];
  /** True when the configuration must not be committed. */
  readonly failed: boolean;
}

/** Where the instances of a resource are. */
export interface ResourcePlace {
  readonly node: string;
  readonly promoted: boolean;
}

/** Questions and orders that concern the running cluster or its state. */
export interface ClusterPort {
  verify(doc: CibDoc): Promise<VerifyResult>;
  /** The text of crm_mon -1 with these words of `crm status`; its makers are loaded while the document is on its way. */
  status(doc: Promise<CibDoc>, words: readonly string[]): Promise<string>;
  /** The list of crm_resource -L. */
  resourceList(doc: CibDoc): Promise<string>;
  /** Why a resource is where it is, and not on this node. @throws CrmError */
  explain(resource: string, node: string | undefined): Promise<string>;
  /** The text of crm_resource with these options. @throws CrmError with its words */
  resourceReport(options: readonly string[]): Promise<string>;
  /** Nodes on which the resource (or a member of it) is active. */
  places(doc: CibDoc, id: string): Promise<readonly ResourcePlace[]>;
  /** Names of the nodes that are online. */
  online(doc: CibDoc): Promise<readonly string[]>;
  /** The text of crm_simulate for the edited configuration. */
  simulate(
    doc: CibDoc,
    options: { readonly scores: boolean; readonly utilization: boolean },
  ): Promise<string>;
  /** Forgets the operation history of a resource, or of all on a node. @throws CrmError */
  cleanup(resource: string | undefined, node: string | undefined): Promise<string>;
  /** Sets (or deletes, for undefined) a transient node attribute. @throws CrmError */
  setTransient(node: string, name: string, value: string | undefined): Promise<void>;
  /** Fences a node. @throws CrmError */
  fence(node: string): Promise<void>;
  /** Says that a node is down. @throws CrmError */
  confirmDown(node: string): Promise<void>;
  /** Forgets a node that is gone for good. @throws CrmError */
  removeNode(node: string): Promise<void>;
  /** Waits until the cluster has nothing to do, at most a while. */
  settle(): Promise<void>;
}

/** The host: files, programs, clock. */
export interface HostPort {
  readonly hostName: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  readText(path: string): Promise<string>;
  writeText(path: string, text: string): Promise<void>;
  /** Runs a shell command line; its standard output. @throws CrmError when it fails */
  pipe(command: string, input: string): Promise<string>;
  /** Lets a person edit the text; undefined when the editor failed. */
  edit(text: string, suffix: string, editor: string): Promise<string | undefined>;
}

export interface Ports {
  readonly cib: CibPort;
  readonly shadow: ShadowPort;
  readonly agents: AgentPort;
  readonly cluster: ClusterPort;
  readonly host: HostPort;
}
