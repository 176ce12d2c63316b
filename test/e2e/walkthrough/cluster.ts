/** The first half of the page: configuration and key, start, log, crm_verify, the shell's levels. */
import { seedConfiguration } from "../../../lib/lab/configuration.ts";
import { configureHelp, nodeHelp, raHelp, resourceHelp, topHelp } from "../help-levels.ts";
import type { Block, Step } from "../story.ts";
import {
  ALL_ONLINE,
  crm,
  enter,
  FIRST,
  HOSTS,
  onEach,
  SETTLE_MS,
  START_MS,
  status,
  TOP,
} from "./words.ts";

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

export const configure: Block = {
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

export const start: Block = {
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

export const logs: Block = {
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

export const verify: Block = {
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

export const help: Block = {
  title: "crm, level by level",
  see: "every level lists its commands; help is one word away",
  steps: [
    crm("server8", [
      { type: "help", level: "", check: topHelp },
      enter("resource"),
      { type: "help", level: "resource", check: resourceHelp },
      TOP,
      enter("configure"),
      { type: "help", level: "configure", check: configureHelp },
      TOP,
      enter("node"),
      { type: "help", level: "node", check: nodeHelp },
      TOP,
      enter("ra"),
      { type: "help", level: "ra", check: raHelp },
    ]),
  ],
};
