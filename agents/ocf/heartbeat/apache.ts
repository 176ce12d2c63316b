/** ocf:heartbeat:apache: the Apache web server, by its own configuration file. */
import { existsSync, readFileSync } from "node:fs";
import { Exit } from "../../../lib/base/exit.ts";
import { type AgentCall, defineAgent } from "../../agent.ts";
import { endProcess, pidFrom } from "../process.ts";

const CONFIGURATIONS = [
  "/etc/apache2/apache2.conf",
  "/etc/httpd/conf/httpd.conf",
  "/etc/apache2/httpd.conf",
];
const PROGRAMS = ["apache2", "httpd"];
const ENVIRONMENT_FILES = ["/etc/apache2/envvars", "/etc/sysconfig/httpd"];
const DEFAULT_TIMEOUT_MS = 40_000;
const LOOK_AGAIN_MS = 100;
/** Part of a timeout that we use ourselves, so that we can still say what went wrong. */
const PATIENCE = 0.8;
const FETCH_MS = 10_000;

interface Server {
  readonly program: string;
  readonly configuration: string;
  readonly environment: string | undefined;
  readonly pidFile: string;
}

/** What a configuration file says for one directive; the last wins. */
export function directive(text: string, name: string): string | undefined {
  const lines = text.matchAll(new RegExp(`^[ \\t]*${name}[ \\t]+"?([^"\\n]+?)"?[ \\t]*$`, "gim"));
  return [...lines].at(-1)?.[1];
}

/** Finds program, configuration and pid file; an exit code when one is missing. */
async function findServer(call: AgentCall): Promise<Server | number> {
  const asked = call.parameter("httpd");
  const program = asked === "" ? PROGRAMS.find((p) => which(p)) : which(asked) ? asked : undefined;
  if (program === undefined) {
    return call.fail(Exit.notInstalled, `no web server ${asked || PROGRAMS.join(" or ")} here`);
  }
  const file = call.parameter("configfile");
  const configuration = file === "" ? CONFIGURATIONS.find(existsSync) : file;
  if (configuration === undefined || !existsSync(configuration)) {
    return call.fail(Exit.notInstalled, `no configuration ${file || CONFIGURATIONS.join(" or ")}`);
  }
  const named = call.parameter("envfiles");
  const environment = named === "" ? ENVIRONMENT_FILES.find(existsSync) : named;
  const text = readFileSync(configuration, "utf8");
  const raw = directive(text, "PidFile") ?? "/run/apache2/apache2.pid";
  const root = directive(text, "ServerRoot") ?? "";
  const expanded = await expand(call, environment, raw);
  const pidFile = expanded.startsWith("/") ? expanded : `${root}/${expanded}`;
  return { program, configuration, environment, pidFile };
}

function which(program: string): boolean {
  return Bun.which(program, { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` }) !== null;
}

/** Debian's configuration names its pid file by a variable of envvars. */
async function expand(
  call: AgentCall,
  environment: string | undefined,
  text: string,
): Promise<string> {
  if (!text.includes("$")) return text;
  const source = environment === undefined ? "" : `. ${environment}; `;
  const done = await call.run(["sh", "-c", `${source}printf %s "${text.replaceAll('"', "")}"`]);
  return done.stdout;
}

function serverCommand(call: AgentCall, server: Server, verb: string): readonly string[] {
  const source = server.environment === undefined ? "" : `. ${server.environment}; `;
  const line = `${source}exec "$0" -f "$1" ${call.parameter("options")} -k ${verb}`;
  return ["sh", "-c", line, server.program, server.configuration];
}

/** The address of the page that a deep monitor fetches. */
function statusUrl(call: AgentCall): string {
  const given = call.parameter("statusurl");
  const port = call.parameter("port");
  return given === "" ? `http://localhost${port === "" ? "" : `:${port}`}/server-status` : given;
}

async function pageIsGood(call: AgentCall): Promise<string | undefined> {
  try {
    const answer = await fetch(statusUrl(call), { signal: AbortSignal.timeout(FETCH_MS) });
    const text = await answer.text();
    if (!answer.ok) return `${statusUrl(call)} answers ${answer.status}`;
    const pattern = new RegExp(call.parameter("testregex"), "i");
    return pattern.test(text) ? undefined : `${statusUrl(call)} does not match testregex`;
  } catch (error) {
    return `${statusUrl(call)}: ${String(error)}`;
  }
}

async function start(call: AgentCall): Promise<number> {
  const server = await findServer(call);
  if (typeof server === "number") return server;
  if (pidFrom(server.pidFile) !== undefined) return Exit.ok;
  const done = await call.run(serverCommand(call, server, "start"));
  if (done.exit !== 0) return call.fail(Exit.error, `${server.program}: ${done.stderr.trim()}`);
  const patience = (call.timeoutMs ?? DEFAULT_TIMEOUT_MS) * PATIENCE;
  for (let waited = 0; waited < patience; waited += LOOK_AGAIN_MS) {
    if (pidFrom(server.pidFile) !== undefined) return Exit.ok;
    await call.sleep(LOOK_AGAIN_MS);
  }
  return call.fail(Exit.error, `${server.program} wrote no ${server.pidFile}`);
}

async function stop(call: AgentCall): Promise<number> {
  const server = await findServer(call);
  // What is not installed cannot run.
  if (typeof server === "number") return Exit.ok;
  const patience = (call.timeoutMs ?? DEFAULT_TIMEOUT_MS) * PATIENCE;
  if (await endProcess(call, server.pidFile, patience)) return Exit.ok;
  return call.fail(Exit.error, `${server.program} does not end`);
}

async function monitor(call: AgentCall): Promise<number> {
  const server = await findServer(call);
  if (typeof server === "number") return call.probe ? Exit.notRunning : server;
  if (pidFrom(server.pidFile) === undefined) return Exit.notRunning;
  const depth = Number(call.env["OCF_CHECK_LEVEL"] ?? "0");
  const deep = depth >= 10 || call.given("statusurl");
  if (!deep || call.probe) return Exit.ok;
  const wrong = await pageIsGood(call);
  return wrong === undefined ? Exit.ok : call.fail(Exit.error, wrong);
}

export default defineAgent({
  provider: "heartbeat",
  name: "apache",
  version: "1.0",
  short: "The Apache web server",
  long: "Starts and stops an Apache web server by its configuration file. A deep monitor fetches its status page.",
  parameters: [
    {
      name: "configfile",
      type: "string",
      unique: true,
      default: "",
      short: "Configuration file",
      long: "Full name of the server's configuration. Default: the distribution's.",
    },
    {
      name: "httpd",
      type: "string",
      default: "",
      short: "The program",
      long: "Full name of the server's program. Default: apache2 or httpd.",
    },
    {
      name: "port",
      type: "integer",
      default: "",
      short: "Port",
      long: "The port of the status page, when statusurl is not given.",
    },
    {
      name: "statusurl",
      type: "string",
      default: "",
      short: "Status page",
      long: "The page that monitors fetch. When it is given, every monitor fetches it.",
    },
    {
      name: "testregex",
      type: "string",
      default: "</ *html *>",
      short: "Pattern of a good page",
      long: "A regular expression that the status page must match; upper and lower case are the same.",
    },
    {
      name: "options",
      type: "string",
      default: "",
      short: "Further options",
      long: "Further words for the server's command line.",
    },
    {
      name: "envfiles",
      type: "string",
      default: "",
      short: "Environment file",
      long: "A shell file with variables that the configuration uses. Default: the distribution's.",
    },
  ],
  actions: [
    { name: "start", timeoutS: 40, run: start },
    { name: "stop", timeoutS: 60, run: stop },
    { name: "status", timeoutS: 30, run: monitor },
    { name: "monitor", timeoutS: 20, intervalS: 10, depth: 0, run: monitor },
    {
      name: "validate-all",
      timeoutS: 20,
      run: async (call) => {
        const server = await findServer(call);
        return typeof server === "number" ? server : Exit.ok;
      },
    },
  ],
});
