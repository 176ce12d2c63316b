/**
 * seed/walkthrough.txt with seed/errata.md as ONE list of steps: walkthrough.test.ts checks it, demo.ts tells it. Nothing
 * here knows how a step is played.
 */
import { seedConfiguration } from "../../lib/lab/configuration.ts";
import { VIRTUAL_ADDRESS } from "../../lib/lab/spec.ts";
import { configureHelp, nodeHelp, raHelp, resourceHelp, topHelp } from "./help-levels.ts";
import { OUTSIDE, until } from "./hosts.ts";
import type { Block, CrmLine, Step, TypeStep, World } from "./story.ts";

const HOSTS = ["server6", "server7", "server8"] as const;
const FIRST = HOSTS[0];

/** How long the cluster may be at work after a change. */
const SETTLE_MS = 60_000;
/** First start of three nodes. */
const START_MS = 90_000;

const fact = (world: World, name: string): string => {
  const known = world.facts[name];
  if (known === undefined) throw new Error(`the story does not know "${name}" yet`);
  return known;
};

/** The hosts but one, as the status lists them. */
const others = (host: string) => HOSTS.filter((h) => h !== host).join(" ");

/** A check that what `name` says is no longer `old`: the cluster may show the old place for a moment. */
const leftNode = (name: string, old: string) => (_: string, w: World) =>
  fact(w, name) === fact(w, old) ? `${name} is still on ${fact(w, old)}` : undefined;

/** The seed's status text. `body` is what follows the two empty lines. */
function status(resources: number, body: string, quorum = "with"): string {
  return `Last updated: {date}
Last change: {date} via {client} on {node}
Stack: classic openais (with plugin)
Current DC: {node} - partition ${quorum} quorum
Version: {version}
3 Nodes configured, 3 expected votes
${resources} Resources configured
${body}`;
}

const ALL_ONLINE = `Online: [ ${HOSTS.join(" ")} ]`;

const onEach = (step: Omit<TypeStep, "on" | "kind">): readonly TypeStep[] =>
  HOSTS.map((on) => ({ kind: "type", on, ...step }));

function copyTo(host: string): Step {
  return {
    kind: "act",
    what: `scp -p authkey corosync.conf ${host}:/etc/corosync/   (the lab carries the files over)`,
    act: async ({ lab }) => {
      for (const [file, mode] of [
        ["authkey", "400"],
        ["corosync.conf", "644"],
      ]) {
        const data = await lab.must(FIRST, `base64 -w0 /etc/corosync/${file}`);
        const to = `/etc/corosync/${file}`;
        await lab.must(host, `echo ${data} | base64 -d > ${to} && chmod ${mode} ${to}`);
      }
    },
  };
}

const configure: Block = {
  title: "The configuration and the key",
  see: "the key is 1024 bits, mode 0400, and the same on all hosts",
  steps: [
    {
      kind: "type",
      on: FIRST,
      command: "cd /etc/corosync && mv corosync.conf.example corosync.conf && ls",
      check: (text) =>
        /^corosync\.conf$/m.test(text) ? undefined : `no corosync.conf in\n${text}`,
    },
    {
      kind: "act",
      what: "edit /etc/corosync/corosync.conf as the page prints it",
      act: async ({ lab }) => {
        const done = await lab.sh(FIRST, "cat > /etc/corosync/corosync.conf", seedConfiguration);
        if (done.exit !== 0) throw new Error(done.text);
      },
    },
    {
      kind: "type",
      on: FIRST,
      command: "mv /dev/{random,random.bak}; ln -s /dev/urandom /dev/random",
    },
    {
      kind: "type",
      on: FIRST,
      command: "corosync-keygen",
      check: (text) =>
        text.includes("/etc/corosync/authkey") ? undefined : `it does not name the key:\n${text}`,
    },
    {
      kind: "type",
      on: FIRST,
      command: "cd /etc/corosync && chmod 400 authkey && stat -c '%a %s' authkey",
      show: "400 128",
    },
    copyTo("server7"),
    copyTo("server8"),
    ...onEach({ command: "stat -c '%a %s' /etc/corosync/authkey", show: "400 128" }),
  ],
};

const start: Block = {
  title: "service corosync start, on all hosts",
  see: "three nodes online, three votes, a controller (DC), no resources",
  steps: [
    ...onEach({ command: "service corosync start" }),
    {
      kind: "type",
      on: FIRST,
      command: "crm_mon -1",
      show: status(0, ALL_ONLINE),
      settleMs: START_MS,
    },
    ...HOSTS.slice(1).map(
      (on): Step => ({
        kind: "type",
        on,
        command: "crm_mon -1",
        show: status(0, ALL_ONLINE),
        settleMs: SETTLE_MS,
      }),
    ),
  ],
};

const LOG = "/var/log/cluster/corosync.log";
const STAMP = "[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d corosync";

/** Says which of these lines a log excerpt lacks, by pattern. */
function lacks(text: string, lines: readonly string[]): string | undefined {
  const missing = lines.filter((l) => !new RegExp(`^${STAMP} ${l}$`, "m").test(text));
  return missing.length === 0 ? undefined : `no line ${missing.join("\nno line ")}\nin\n${text}`;
}

const logs: Block = {
  title: "Four looks into the log",
  see: "the engine is ready, the ring has its members, the manager is loaded, and only the known notices are errors",
  steps: HOSTS.flatMap((on): readonly Step[] => [
    {
      kind: "type",
      on,
      command: `grep -e "Corosync Cluster Engine" -e "configuration file" ${LOG}`,
      check: (text) =>
        lacks(text, [
          "\\[MAIN  \\] Corosync Cluster Engine \\('\\S+'\\): started and ready to provide service\\.",
          "\\[MAIN  \\] Successfully read main configuration file '/etc/corosync/corosync.conf'\\.",
        ]),
    },
    {
      kind: "type",
      on,
      command: `grep "TOTEM" ${LOG}`,
      check: (text) =>
        lacks(text, [
          "\\[TOTEM \\] Initializing transport \\(UDP/IP Multicast\\)\\.",
          "\\[TOTEM \\] The network interface \\[172\\.25\\.12\\.[678]\\] is now up\\.",
          "\\[TOTEM \\] A processor joined or left the membership and a new membership was formed\\.",
        ]),
    },
    {
      kind: "type",
      on,
      command: `grep pcmk_startup ${LOG}`,
      check: (text) =>
        lacks(text, [
          "\\[pcmk  \\] info: pcmk_startup: CRM: Initialized",
          "\\[pcmk  \\] Logging: Initialized pcmk_startup",
          "\\[pcmk  \\] info: pcmk_startup: Maximum core file size is: \\d+",
          "\\[pcmk  \\] info: pcmk_startup: Service: \\d+",
          `\\[pcmk  \\] info: pcmk_startup: Local hostname: ${on}`,
        ]),
    },
    {
      kind: "type",
      on,
      command: `grep ERROR ${LOG}`,
      exit: "any",
      check: (text) => {
        const known = /plugin|unpack_resources|Clusters from Scratch/;
        const strange = text.split("\n").filter((l) => l !== "" && !known.test(l));
        return strange.length === 0 ? undefined : `unexpected errors:\n${strange.join("\n")}`;
      },
    },
  ]),
};

const verify: Block = {
  title: "crm_verify -L -V, before STONITH is settled",
  see: "the three errors that tell why nothing may start yet",
  steps: [
    {
      kind: "type",
      on: "server8",
      command: "crm_verify -L -V",
      exit: "any",
      show: `error: unpack_resources: Resource start-up disabled since no STONITH resources have been defined
error: unpack_resources: Either configure some or disable STONITH with the stonith-enabled option
error: unpack_resources: NOTE: Clusters with shared data need STONITH to ensure data integrity
Errors found during check: config not valid`,
    },
  ],
};

const help: Block = {
  title: "crm, level by level",
  see: "every level lists its commands; help is one word away",
  steps: [
    {
      kind: "crm",
      on: "server8",
      lines: [
        { type: "help", level: "", check: topHelp },
        { type: "resource", level: "resource" },
        { type: "help", level: "resource", check: resourceHelp },
        { type: "cd", level: "" },
        { type: "configure", level: "configure" },
        { type: "help", level: "configure", check: configureHelp },
        { type: "cd", level: "" },
        { type: "node", level: "node" },
        { type: "help", level: "node", check: nodeHelp },
        { type: "cd", level: "" },
        { type: "ra", level: "ra" },
        { type: "help", level: "ra", check: raHelp },
      ],
    },
  ],
};

const stonith: Block = {
  title: "Disable STONITH",
  see: "crm_verify is content now",
  steps: [
    {
      kind: "crm",
      on: "server8",
      lines: [
        { type: "configure", level: "configure" },
        { type: "property stonith-enabled=false", level: "configure" },
        { type: "commit", level: "configure" },
      ],
    },
    { kind: "type", on: "server8", command: "crm_verify -L -V", show: "" },
  ],
};

/** The address in `ip addr`, as the page shows it. */
function showsAddress(text: string): string | undefined {
  const line = /inet 172\.25\.12\.200\/24 brd 172\.25\.12\.255 scope global secondary eth0/;
  return line.test(text) ? undefined : `${VIRTUAL_ADDRESS} is not there:\n${text}`;
}

/** The address is on exactly this host. */
function onlyOn(name: string): Step {
  return {
    kind: "act",
    what: `${VIRTUAL_ADDRESS} is on one host only`,
    act: async (world) => {
      const want = fact(world, name);
      await until(`${VIRTUAL_ADDRESS} is on ${want} only`, SETTLE_MS, async () =>
        (await world.lab.holders(VIRTUAL_ADDRESS)).join() === want ? true : undefined,
      );
    },
  };
}

const vip: Block = {
  title: "A virtual address",
  see: "vip is Started on one node, and the address is on that host",
  steps: [
    {
      kind: "crm",
      on: "server8",
      lines: [
        { type: "configure", level: "configure" },
        {
          type: "primitive vip ocf:heartbeat:IPaddr params ip=172.25.12.200 nic='eth0' cidr_netmask='24' broadcast='172.25.12.255'",
          level: "configure",
        },
        { type: "verify", level: "configure" },
        { type: "commit", level: "configure" },
        { type: "cd", level: "" },
        {
          type: "status",
          level: "",
          show: status(1, `${ALL_ONLINE}\n vip (ocf::heartbeat:IPaddr): Started {node:vip}`),
          settleMs: SETTLE_MS,
        },
      ],
    },
    {
      kind: "type",
      on: (w) => fact(w, "vip"),
      command: "ip addr show eth0",
      check: showsAddress,
      settleMs: SETTLE_MS,
    },
    onlyOn("vip"),
  ],
};

const move: Block = {
  title: "Standby: the address moves",
  see: "the node is standby and another host has the address",
  steps: [
    {
      kind: "crm",
      on: (w) => fact(w, "vip"),
      lines: [
        { type: "node", level: "node" },
        { type: "standby", level: "node" },
        { type: "cd", level: "" },
        {
          type: "status",
          level: "",
          show: (w) =>
            status(
              1,
              `Node ${fact(w, "vip")}: standby
Online: [ ${others(fact(w, "vip"))} ]
 vip (ocf::heartbeat:IPaddr): Started {node:moved}`,
            ),
          settleMs: SETTLE_MS,
          check: leftNode("moved", "vip"),
        },
      ],
    },
    {
      kind: "type",
      on: (w) => fact(w, "moved"),
      command: "ip addr show eth0",
      check: showsAddress,
      settleMs: SETTLE_MS,
    },
    onlyOn("moved"),
    {
      kind: "crm",
      on: (w) => fact(w, "vip"),
      lines: [
        { type: "node", level: "node" },
        { type: "online", level: "node" },
        { type: "cd", level: "" },
        {
          type: "status",
          level: "",
          show: status(1, `${ALL_ONLINE}\n vip (ocf::heartbeat:IPaddr): Started {node}`),
          settleMs: SETTLE_MS,
        },
        // The page's next blocks show this node standby again.
        { type: "node", level: "node" },
        { type: "standby", level: "node" },
      ],
    },
  ],
};

const remove: Block = {
  title: "Stop it, delete it",
  see: "a running resource is not deleted; a stopped one is",
  steps: [
    {
      kind: "crm",
      on: "server8",
      lines: [
        { type: "resource", level: "resource" },
        { type: "status", level: "resource", show: " vip (ocf::heartbeat:IPaddr): Started" },
        { type: "stop vip", level: "resource" },
        {
          type: "status",
          level: "resource",
          show: " vip (ocf::heartbeat:IPaddr): Stopped",
          settleMs: SETTLE_MS,
        },
        { type: "cd", level: "" },
        { type: "configure", level: "configure" },
        { type: "delete vip", level: "configure" },
        { type: "commit", level: "configure" },
      ],
    },
  ],
};

/** Status lines of a cluster where the first holder is standby. */
const withStandby = (resources: number, body: string) => (w: World) =>
  status(
    resources,
    `Node ${fact(w, "vip")}: standby\nOnline: [ ${others(fact(w, "vip"))} ]\n${body}`,
  );

const webip: Block = {
  title: "The web service's address",
  see: "webip runs on one of the two nodes that are online",
  steps: [
    {
      kind: "crm",
      on: FIRST,
      lines: [
        { type: "configure", level: "configure" },
        {
          type: "primitive webip IPaddr params ip=172.25.12.200 op monitor interval=10s timeout=20s",
          level: "configure",
        },
        { type: "verify", level: "configure" },
        { type: "commit", level: "configure" },
        { type: "cd", level: "" },
        {
          type: "status",
          level: "",
          show: withStandby(1, " webip (ocf::heartbeat:IPaddr): Started {node:webip}"),
          settleMs: SETTLE_MS,
        },
      ],
    },
    onlyOn("webip"),
  ],
};

const webserver: Block = {
  title: "The web server",
  see: "both run, on different nodes: the cluster balances",
  steps: [
    {
      kind: "crm",
      on: FIRST,
      lines: [
        { type: "configure", level: "configure" },
        {
          type: "primitive webserver lsb:httpd op monitor interval=30s timeout=15s",
          level: "configure",
        },
        { type: "verify", level: "configure" },
        { type: "commit", level: "configure" },
        { type: "cd", level: "" },
        {
          type: "status",
          level: "",
          show: withStandby(
            2,
            ` webip (ocf::heartbeat:IPaddr): Started {node:webip}
 webserver (lsb:httpd): Started {node:webserver}`,
          ),
          settleMs: SETTLE_MS,
          check: (_, w) =>
            fact(w, "webip") === fact(w, "webserver") ? "both are on one node" : undefined,
        },
      ],
    },
  ],
};

/** configure show in the seed's form; the node that was standby has the attribute. */
const shown = (w: World): string =>
  [
    ...HOSTS.map((h) =>
      h === fact(w, "vip") ? `node ${h} \\\n\tattributes standby="on"` : `node ${h}`,
    ),
    `primitive webip ocf:heartbeat:IPaddr \\
	params ip="172.25.12.200" \\
	op monitor interval="10s" timeout="20s"
primitive webserver lsb:httpd \\
	op monitor interval="30s" timeout="15s"
colocation apache inf: webserver webip
property $id="cib-bootstrap-options" \\
	dc-version="{version}" \\
	cluster-infrastructure="classic openais (with plugin)" \\
	expected-quorum-votes="3" \\
	stonith-enabled="false"`,
  ].join("\n");

const TOGETHER = ` webip (ocf::heartbeat:IPaddr): Started {node:webip}
 webserver (lsb:httpd): Started {node:webserver}`;

const sameNode = (_: string, w: World) =>
  fact(w, "webip") === fact(w, "webserver") ? undefined : "they are on different nodes";

const colocation: Block = {
  title: "Together: a colocation",
  see: "leaving configure asks about the change; then both run on one node",
  steps: [
    {
      kind: "crm",
      on: "server8",
      lines: [
        { type: "configure", level: "configure" },
        { type: "colocation apache inf: webserver webip", level: "configure" },
        { type: "show", level: "configure", show: shown },
        { type: "cd", level: "?" },
        { type: "y", level: "" },
        { type: "node", level: "node" },
        { type: (w) => `online ${fact(w, "vip")}`, level: "node" },
        { type: "cd", level: "" },
        {
          type: "status",
          level: "",
          show: status(2, `${ALL_ONLINE}\n${TOGETHER}`),
          settleMs: SETTLE_MS,
          check: sameNode,
        },
      ],
    },
  ],
};

const order: Block = {
  title: "In order: an order constraint",
  see: "kept in the CIB's meaning; the shell shows inf:",
  steps: [
    {
      kind: "crm",
      on: "server8",
      lines: [
        { type: "configure", level: "configure" },
        { type: "order webip_before_webserver mandatory: webip webserver", level: "configure" },
        { type: "commit", level: "configure" },
        {
          type: "show webip_before_webserver",
          level: "configure",
          show: "order webip_before_webserver inf: webip webserver",
        },
      ],
    },
  ],
};

/** The page at the virtual address, as a browser outside sees it. */
function page(name: string): TypeStep {
  return {
    kind: "type",
    on: OUTSIDE,
    command: `curl -s --max-time 2 http://${VIRTUAL_ADDRESS}/`,
    check: (text, w) =>
      text.includes(`comes from ${fact(w, name)}`)
        ? undefined
        : `the page is not from ${fact(w, name)}:\n${text}`,
    settleMs: SETTLE_MS,
  };
}

const bothOn = (body: string): CrmLine => ({
  type: "status",
  level: "",
  show: (w) => status(2, `${body.replace("{first}", fact(w, "first"))}\n${TOGETHER}`),
  settleMs: SETTLE_MS,
  check: sameNode,
});

const test: Block = {
  title: "The test: standby, and back",
  see: "the page comes from the next host; it does not flow back",
  steps: [
    {
      kind: "act",
      what: "remember who serves now",
      act: async (w) => {
        w.facts["first"] = fact(w, "webip");
      },
    },
    page("first"),
    {
      kind: "crm",
      on: (w) => fact(w, "first"),
      lines: [
        { type: "node", level: "node" },
        { type: "standby", level: "node" },
        { type: "cd", level: "" },
        {
          type: "status",
          level: "",
          show: (w) =>
            status(
              2,
              `Node ${fact(w, "first")}: standby\nOnline: [ ${others(fact(w, "first"))} ]\n${TOGETHER}`,
            ),
          settleMs: SETTLE_MS,
          check: (text, w) => sameNode(text, w) ?? leftNode("webip", "first")(text, w),
        },
      ],
    },
    page("webip"),
    onlyOn("webip"),
    {
      kind: "act",
      what: "remember who serves now",
      act: async (w) => {
        w.facts["second"] = fact(w, "webip");
      },
    },
    {
      kind: "type",
      on: "server8",
      command: (w) => `crm node online ${fact(w, "first")}`,
    },
    { kind: "crm", on: "server8", lines: [bothOn(ALL_ONLINE)] },
    {
      kind: "act",
      what: "the resources stayed where they were",
      act: async (w) => {
        await Bun.sleep(1500);
        const holders = await w.lab.holders(VIRTUAL_ADDRESS);
        if (holders.join() !== fact(w, "second")) {
          throw new Error(`they flowed back: the address is on ${holders.join(", ")}`);
        }
      },
    },
    page("second"),
  ],
};

/** The whole page, in its order. */
export const walkthrough: readonly Block[] = [
  configure,
  start,
  logs,
  verify,
  help,
  stonith,
  vip,
  move,
  remove,
  webip,
  webserver,
  colocation,
  order,
  test,
];
