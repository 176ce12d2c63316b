/** The agents of this host: installed ones below OCF_ROOT, built-in ones, init scripts, units, fence agents. */
import { builtinAgents } from "../../agents/table.ts";
import { CrmError } from "../../lib/base/error.ts";
import type { Session } from "../../lib/cli/tool.ts";
import type { AgentName, AgentPort } from "../../lib/crm/ports.ts";
import { type AgentInfo, readMetadata } from "../../lib/ocf/metadata.ts";
import { nodeFs } from "../../lib/runtime/builtin.ts";

const INIT_SCRIPTS = "/etc/init.d";
const UNIT_FOLDERS = ["/etc/systemd/system", "/run/systemd/system", "/lib/systemd/system"];
const FENCE_AGENTS = "/usr/sbin";
/** An agent's meta-data action may start interpreters, no more. */
const METADATA_TIMEOUT_MS = 20_000;
/** What an init script or unit can do, as no meta-data says it. */
const PLAIN_ACTIONS = ["start", "stop", "status", "restart", "monitor"].map((name) => ({
  name,
  attrs: new Map([["timeout", "15"]]),
}));

function namesIn(folder: string): readonly string[] {
  try {
    return nodeFs().readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    nodeFs().accessSync(path, nodeFs().constants.X_OK);
    return nodeFs().statSync(path).isFile();
  } catch {
    return false;
  }
}

export class HostAgents implements AgentPort {
  readonly #session: Session;
  readonly #root: string;
  readonly #known = new Map<string, AgentInfo | undefined>();

  constructor(session: Session) {
    this.#session = session;
    this.#root = session.env["OCF_ROOT"] ?? "/usr/lib/ocf";
  }

  classes(): readonly { readonly name: string; readonly providers: readonly string[] }[] {
    const units = UNIT_FOLDERS.some((f) => namesIn(f).length > 0);
    const found = [
      ...(namesIn(INIT_SCRIPTS).length > 0 ? ["lsb"] : []),
      "ocf",
      "service",
      "stonith",
      ...(units ? ["systemd"] : []),
    ];
    return found.map((name) => ({ name, providers: name === "ocf" ? this.#providers() : [] }));
  }

  list(standard: string, provider: string | undefined): readonly string[] {
    switch (standard) {
      case "ocf": {
        const all = provider === undefined ? this.#providers() : [provider];
        return [...new Set(all.flatMap((p) => this.#typesOf(p)))].sort();
      }
      case "lsb":
        return this.#initScripts();
      case "systemd":
        return this.#units();
      case "service":
        return [...new Set([...this.#initScripts(), ...this.#units()])].sort();
      case "stonith":
        return namesIn(FENCE_AGENTS).filter((n) => n.startsWith("fence_"));
      default:
        return [];
    }
  }

  providersOf(type: string): readonly string[] {
    return this.#providers().filter((p) => this.#typesOf(p).includes(type));
  }

  exists({ standard, provider, type }: AgentName): boolean {
    if (standard === "ocf") return this.#typesOf(provider ?? "").includes(type);
    return this.list(standard, undefined).includes(type);
  }

  async info(agent: AgentName): Promise<AgentInfo | undefined> {
    const key = [agent.standard, agent.provider ?? "", agent.type].join(":");
    if (!this.#known.has(key)) this.#known.set(key, await this.#read(agent));
    return this.#known.get(key);
  }

  async validate(
    agent: AgentName,
    parameters: ReadonlyMap<string, string>,
  ): Promise<{ exit: number; text: string }> {
    const path = this.#installed(agent);
    if (agent.standard !== "ocf" || path === undefined) {
      throw new CrmError(`${agent.type}: validate-all is available for installed ocf agents only`);
    }
    const env = this.#environment(agent);
    for (const [name, value] of parameters) env[`OCF_RESKEY_${name}`] = value;
    const done = await this.#session.runProgram([path, "validate-all"], {
      env,
      timeoutMs: METADATA_TIMEOUT_MS,
    });
    return { exit: done.exit, text: `${done.stdout}${done.stderr}`.trimEnd() };
  }

  async #read(agent: AgentName): Promise<AgentInfo | undefined> {
    const { standard, type } = agent;
    if (standard === "lsb" || standard === "service" || standard === "systemd") {
      return this.exists(agent) ? this.#plain(agent) : undefined;
    }
    try {
      const text = await this.metadata(agent);
      return text === undefined ? undefined : readMetadata(text, type);
    } catch (error) {
      // An agent that answers with something else than XML has no meta-data.
      if (error instanceof CrmError) return undefined;
      throw error;
    }
  }

  /** What an ocf or fence agent says of itself; undefined when there is none, or it has nothing to say. */
  async metadata(agent: AgentName): Promise<string | undefined> {
    const { standard, provider, type } = agent;
    const path = this.#installed(agent);
    if (path === undefined) {
      const load = standard === "ocf" ? builtinAgents[`${provider}:${type}`] : undefined;
      return load === undefined ? undefined : (await load()).default.metadata();
    }
    const argv = standard === "stonith" ? [path, "-o", "metadata"] : [path, "meta-data"];
    const options = { env: this.#environment(agent), timeoutMs: METADATA_TIMEOUT_MS };
    const done = await this.#session.runProgram(argv, options);
    return done.exit === 0 ? done.stdout : undefined;
  }

  /** The program of an installed agent. */
  #installed({ standard, provider, type }: AgentName): string | undefined {
    if (type.includes("/") || provider?.includes("/")) return undefined;
    const path =
      standard === "stonith"
        ? `${FENCE_AGENTS}/${type}`
        : `${this.#root}/resource.d/${provider}/${type}`;
    return isExecutable(path) ? path : undefined;
  }

  #environment({ provider, type }: AgentName): Record<string, string> {
    const inherited = Object.entries(this.#session.env).filter(
      (e): e is [string, string] => e[1] !== undefined,
    );
    return {
      ...Object.fromEntries(inherited),
      OCF_ROOT: this.#root,
      OCF_RA_VERSION_MAJOR: "1",
      OCF_RA_VERSION_MINOR: "1",
      OCF_RESOURCE_INSTANCE: type,
      OCF_RESOURCE_PROVIDER: provider ?? "",
      OCF_RESOURCE_TYPE: type,
    };
  }

  #providers(): readonly string[] {
    const built = Object.keys(builtinAgents).map((k) => k.slice(0, k.indexOf(":")));
    const folder = `${this.#root}/resource.d`;
    const installed = namesIn(folder).filter((p) => this.#programsIn(`${folder}/${p}`).length > 0);
    return [...new Set([...installed, ...built])].sort();
  }

  #typesOf(provider: string): readonly string[] {
    const built = Object.keys(builtinAgents)
      .filter((k) => k.startsWith(`${provider}:`))
      .map((k) => k.slice(provider.length + 1));
    const installed = this.#programsIn(`${this.#root}/resource.d/${provider}`);
    return [...new Set([...installed, ...built])].sort();
  }

  #programsIn(folder: string): readonly string[] {
    return namesIn(folder).filter((n) => !n.startsWith(".") && isExecutable(`${folder}/${n}`));
  }

  #initScripts(): readonly string[] {
    return this.#programsIn(INIT_SCRIPTS);
  }

  #units(): readonly string[] {
    const names = UNIT_FOLDERS.flatMap(namesIn).filter((n) => n.endsWith(".service"));
    return [...new Set(names.map((n) => n.slice(0, -".service".length)))].sort();
  }

  /** Classes without meta-data: the description of the init script, the actions all have. */
  #plain({ standard, type }: AgentName): AgentInfo {
    const header = standard === "systemd" ? "" : this.#header(type);
    const short = /^#\s*Short-Description:\s*(.+)$/m.exec(header)?.[1] ?? `${standard} ${type}`;
    const long = /^#\s*Description:\s*(.+)$/m.exec(header)?.[1] ?? "";
    return {
      name: type,
      shortDescription: short,
      longDescription: long,
      parameters: [],
      actions: PLAIN_ACTIONS,
    };
  }

  #header(type: string): string {
    try {
      return nodeFs().readFileSync(`${INIT_SCRIPTS}/${type}`, "utf8").slice(0, 4096);
    } catch {
      return "";
    }
  }
}
