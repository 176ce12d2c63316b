/**
 * `quorate lab`: a cluster on one machine (issue 2). Reads the words, asks lib/lab for the steps, lets lib/runtime carry them
 * out. What is known of a lab between two calls is HOME/lab.json: its id and what it was made of.
 */
import { randomBytes, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { helpText } from "../../lib/cli/help.ts";
import { parseOptions, withCommonOptions } from "../../lib/cli/options.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { downSteps, readyFile, startHostSteps, upSteps } from "../../lib/lab/boot.ts";
import {
  cableSteps,
  healSteps,
  killSteps,
  parseGroups,
  partitionSteps,
} from "../../lib/lab/faults.ts";
import { hostNamed, hostPath, type LabSpec, labHosts } from "../../lib/lab/spec.ts";
import type { LabStep } from "../../lib/lab/steps.ts";
import {
  carryOut,
  containerPid,
  type NamespaceSet,
  runInside,
} from "../../lib/runtime/namespace.ts";
import { progress } from "../../lib/runtime/progress.ts";
import { applets } from "../applets.ts";
import { ownBinary } from "./own-binary.ts";

interface Lab {
  readonly id: string;
  readonly spec: LabSpec;
}

/** Name of the lab's own place (the bridge, the address 172.25.12.250) for exec and shell. */
const OUTSIDE = "outside";

function homeOf(name: string, uid: number): string {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) {
    throw new CrmError(`"${name}" is no name for a lab; use a-z, 0-9 and -`, Exit.usage);
  }
  const home = uid === 0 ? `/run/quorate-lab/${name}` : join(homedir(), ".quorate/lab", name);
  if (!/^[\w@%+=:,./-]+$/.test(home)) {
    throw new CrmError(`the lab's folder "${home}" must not hold blanks or quotes`);
  }
  return home;
}

function namespaceSet(lab: Lab): NamespaceSet {
  return {
    id: lab.id,
    unprivileged: lab.spec.unprivileged,
    readyFile: (host) => readyFile(lab.spec, host),
  };
}

function readLab(name: string, uid: number): Lab {
  const path = join(homeOf(name, uid), "lab.json");
  if (!existsSync(path)) {
    throw new CrmError(`there is no lab "${name}"; \`quorate lab up\` makes one`, Exit.noSuch);
  }
  return JSON.parse(readFileSync(path, "utf8")) as Lab;
}

/** The folder of the compiled binary, links resolved. Where it is not needed it may be missing (undefined then). */
function binaryFolder(needed: boolean): string | undefined {
  try {
    return dirname(realpathSync(ownBinary()));
  } catch (error) {
    if (!needed) return undefined;
    if ((error as { code?: string }).code !== "EACCES") throw error;
    const text = "this user may not read the folder of the quorate binary; put it where all may";
    throw new CrmError(text, Exit.insufficientPrivileges);
  }
}

/** What the machine lacks for a lab; empty when nothing. */
function missing(uid: number): readonly string[] {
  const lacks: string[] = [];
  const packages: Readonly<Record<string, string>> = {
    unshare: "util-linux",
    nsenter: "util-linux",
    mount: "mount",
    pivot_root: "util-linux",
    ip: "iproute2",
    setsid: "util-linux",
  };
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  for (const [program, from] of Object.entries(packages)) {
    if (Bun.which(program, { PATH: path }) === null) {
      lacks.push(`the program ${program} (Debian package ${from})`);
    }
  }
  if (lacks.length > 0) return lacks;
  const user = uid === 0 ? [] : ["--user", "--map-root-user"];
  const trial = Bun.spawnSync(
    [
      "unshare",
      ...user,
      "--mount",
      "--uts",
      "--ipc",
      "--net",
      "--pid",
      "--fork",
      "--mount-proc",
      "true",
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  if (trial.exitCode !== 0) {
    const said = trial.stderr.toString().trim();
    lacks.push(
      uid === 0
        ? `the right to make namespaces (${said}); inside a container it needs --privileged`
        : `namespaces for ordinary users (${said}); an administrator allows them with ` +
            "`sysctl kernel.unprivileged_userns_clone=1` or " +
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run this as root",
    );
  }
  return lacks;
}

function specOf(options: ParsedOptions, uid: number): LabSpec {
  const stack = choice(options, "stack", ["quorate", "original"], "quorate");
  const form = choice(
    options,
    "form",
    ["legacy", "nodelist"],
    stack === "original" || options.value("transport") !== undefined ? "nodelist" : "legacy",
  );
  const transport = choice(options, "transport", ["udp", "udpu", "knet"], "udpu");
  const folder = binaryFolder(stack === "quorate");
  const count = options.positionals[1];
  return {
    name: options.value("name") ?? "lab",
    hosts: labHosts(count === undefined ? 3 : Number(count)),
    stack,
    form,
    transport: form === "legacy" ? "udp" : transport,
    secauth: options.flag("secauth"),
    bare: options.flag("bare"),
    binaryFolder: folder,
    tools: Object.entries(applets)
      .filter(([, a]) => a.group !== "quorate")
      .map(([tool]) => tool),
    binds: options.list("bind").map((path) => resolve(path)),
    home: homeOf(options.value("name") ?? "lab", uid),
    unprivileged: uid !== 0,
  };
}

function choice<T extends string>(
  options: ParsedOptions,
  key: string,
  allowed: readonly T[],
  fallback: T,
): T {
  const given = options.value(key);
  if (given === undefined) return fallback;
  const found = allowed.find((a) => a === given);
  if (found !== undefined) return found;
  throw new CrmError(`--${key} is ${allowed.join(" or ")}, not "${given}"`, Exit.usage);
}

/** Carries out steps with a line for each on stderr. */
async function show(lab: Lab, steps: readonly LabStep[], quiet: boolean): Promise<void> {
  const say = progress();
  await carryOut(namespaceSet(lab), steps, (step) => {
    if (!quiet) say.info(step.title);
  });
}

async function up(options: ParsedOptions, session: Session): Promise<ToolResult> {
  const lacks = missing(session.user.uid);
  if (lacks.length > 0) {
    const list = lacks.map((l) => `  - ${l}`).join("\n");
    return { exit: Exit.notInstalled, err: `quorate lab: this machine lacks\n${list}\n` };
  }
  const spec = specOf(options, session.user.uid);
  const path = join(spec.home, "lab.json");
  if (existsSync(path)) {
    const old = readLab(spec.name, session.user.uid);
    if (containerPid(namespaceSet(old)) !== undefined) {
      throw new CrmError(
        `the lab "${spec.name}" is up already; \`quorate lab down\` ends it`,
        Exit.exists,
      );
    }
    await show(old, downSteps(old.spec), true);
  }
  const lab: Lab = { id: randomUUID(), spec };
  mkdirSync(spec.home, { recursive: true, mode: 0o755 });
  writeFileSync(path, JSON.stringify(lab));
  try {
    await show(lab, upSteps(spec, randomBytes(128).toString("base64")), options.flag("quiet"));
  } catch (error) {
    await show(lab, downSteps(spec), true);
    throw error;
  }
  if (options.flag("quiet")) return { exit: Exit.ok };
  const first = spec.hosts[0]?.name ?? "";
  const hosts = spec.hosts.map((h) => `${h.name} ${h.address}`).join(", ");
  return {
    exit: Exit.ok,
    out:
      `The lab "${spec.name}" is up: ${hosts}.\n` +
      `  quorate lab shell ${first}      a shell on a host\n` +
      `  quorate lab exec ${first} CMD   one command\n` +
      "  quorate lab down               takes it away again\n",
  };
}

async function down(name: string, session: Session): Promise<ToolResult> {
  const lab = readLab(name, session.user.uid);
  await show(lab, downSteps(lab.spec), true);
  // The folders that hold labs go too, when this was the last.
  const parent = dirname(lab.spec.home);
  const holders = session.user.uid === 0 ? [parent] : [parent, dirname(parent)];
  for (const folder of holders) {
    if (readdirSync(folder).length > 0) break;
    rmdirSync(folder);
  }
  return { exit: Exit.ok };
}

function status(lab: Lab): ToolResult {
  const set = namespaceSet(lab);
  if (containerPid(set) === undefined) {
    return { exit: Exit.notRunning, out: `The lab "${lab.spec.name}" is not up.\n` };
  }
  const { spec } = lab;
  const lines = [`The lab "${spec.name}": programs of ${spec.stack}, configuration ${spec.form}`];
  for (const host of spec.hosts) {
    const pid = containerPid(set, host.name);
    const state = pid === undefined ? "has no power" : `runs, pid ${pid}`;
    lines.push(`  ${host.name.padEnd(10)} ${host.address.padEnd(14)} ${state}`);
  }
  return { exit: Exit.ok, out: `${lines.join("\n")}\n` };
}

/** Runs a command, or a login shell, on a host with this terminal. */
async function enter(lab: Lab, name: string, argv: readonly string[]): Promise<ToolResult> {
  const host = name === OUTSIDE ? undefined : hostNamed(lab.spec, name).name;
  const env: Record<string, string> = {
    PATH: hostPath(lab.spec),
    HOME: "/root",
    USER: "root",
    LOGNAME: "root",
    SHELL: "/bin/sh",
    LANG: process.env["LANG"] ?? "C.UTF-8",
  };
  for (const key of ["TERM", "COLUMNS", "LINES", "EDITOR", "PAGER"]) {
    const value = process.env[key];
    if (value !== undefined) env[key] = value;
  }
  if (process.env["TERM"] !== undefined) env["PS1"] = `[root@${name} \\W]# `;
  return { exit: await runInside(namespaceSet(lab), host, argv, env) };
}

function shellArguments(): readonly string[] {
  return existsSync("/bin/bash") ? ["bash", "--norc", "-i"] : ["sh", "-i"];
}

const USAGE =
  "up [N] | down | status | exec HOST CMD… | shell HOST | partition A,B/C | heal | " +
  "kill HOST | start HOST | cut HOST | mend HOST";

function operand(options: ParsedOptions, what: string): string {
  const given = options.positionals[1];
  if (given !== undefined) return given;
  throw new CrmError(`${options.positionals[0]} needs ${what}`, Exit.usage);
}

/** The steps of a fault, by its word. */
function faultSteps(
  lab: Lab,
  verb: string,
  options: ParsedOptions,
): readonly LabStep[] | undefined {
  const { spec } = lab;
  switch (verb) {
    case "partition":
      operand(options, "groups such as A,B/C");
      // `partition A,B C` means the same.
      return partitionSteps(parseGroups(spec, options.positionals.slice(1).join("/")));
    case "heal":
      return healSteps(spec);
    case "kill":
      return killSteps(hostNamed(spec, operand(options, "a host")));
    case "start": {
      const host = hostNamed(spec, operand(options, "a host"));
      if (containerPid(namespaceSet(lab), host.name) === undefined) {
        return startHostSteps(spec, host);
      }
      throw new CrmError(`${host.name} runs already`, Exit.exists);
    }
    case "cut":
      return cableSteps(hostNamed(spec, operand(options, "a host")), "down");
    case "mend":
      return cableSteps(hostNamed(spec, operand(options, "a host")), "up");
    default:
      return undefined;
  }
}

const OPTIONS: readonly OptionSpec[] = [
  { key: "name", long: ["name"], kind: "value", value: "NAME", help: "Which lab (default: lab)" },
  {
    key: "quiet",
    long: ["quiet"],
    short: ["q"],
    kind: "flag",
    help: "Say nothing when all is well",
  },
  {
    key: "stack",
    long: ["stack"],
    kind: "value",
    value: "quorate|original",
    help: "up: whose programs the hosts run",
  },
  {
    key: "form",
    long: ["form"],
    kind: "value",
    value: "legacy|nodelist",
    help: "up: form of corosync.conf",
  },
  {
    key: "transport",
    long: ["transport"],
    kind: "value",
    value: "udp|udpu|knet",
    help: "up: transport in the nodelist form (default: udpu)",
  },
  { key: "secauth", long: ["secauth"], kind: "flag", help: "up: knet with aes256 and sha256" },
  { key: "bare", long: ["bare"], kind: "flag", help: "up: no corosync.conf and no key" },
  {
    key: "bind",
    long: ["bind"],
    kind: "list",
    value: "PATH",
    help: "up: the hosts see this folder of the machine too",
  },
];

/** Words after `exec HOST` belong to the command, dashes and all. */
function splitExec(words: readonly string[]): readonly [readonly string[], readonly string[]] {
  const at = words.indexOf("exec");
  return at < 0 ? [words, []] : [words.slice(0, at + 2), words.slice(at + 2)];
}

const tool = defineTool({
  name: "lab",
  summary: "a cluster of hosts on this machine, made of namespaces",
  usage: USAGE,
  description:
    "Hosts server6, server7, server8 at 172.25.12.6 to .8 with the network, the name, the /dev, /run, /var and /etc of\n" +
    `their own. The host "${OUTSIDE}" (172.25.12.250) is the machine in front of them. Nothing stays after \`down\`.`,
  parsing: "pass",
  options: OPTIONS,
  run: async (given, session) => {
    const [own, argv] = splitExec(given.positionals);
    const options = parseOptions(withCommonOptions(OPTIONS), own);
    if (options.flag("help")) return { exit: Exit.ok, out: helpText(tool) };
    const verb = options.positionals[0];
    const name = options.value("name") ?? "lab";
    if (verb === undefined) return { exit: Exit.usage, err: `Usage: quorate lab ${USAGE}\n` };
    if (verb === "up") return await up(options, session);
    if (verb === "down") return await down(name, session);
    const lab = readLab(name, session.user.uid);
    if (verb === "status") return status(lab);
    if (verb === "exec") {
      if (argv.length === 0) throw new CrmError("exec needs a host and a command", Exit.usage);
      return await enter(lab, operand(options, "a host"), argv);
    }
    if (verb === "shell") return await enter(lab, operand(options, "a host"), shellArguments());
    const steps = faultSteps(lab, verb, options);
    if (steps === undefined) {
      throw new CrmError(`"${verb}" is no command of the lab: ${USAGE}`, Exit.usage);
    }
    await show(lab, steps, options.flag("quiet"));
    return { exit: Exit.ok };
  },
});

export default tool;
