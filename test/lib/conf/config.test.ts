import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readConfig } from "../../../lib/conf/config.ts";
import { configKeys } from "../../../lib/conf/keys.ts";
import { printConf } from "../../../lib/conf/print.ts";
import { nearest } from "../../../lib/conf/suggest.ts";
import { type ConfNode, parseConf } from "../../../lib/conf/tree.ts";
import { seedConfiguration } from "../../../lib/lab/configuration.ts";

const FILE = "corosync.conf";

const NODELIST = `totem {
  version: 2
  transport: udpu
  token: 5000
}
nodelist {
  node {
    nodeid: 6
    name: server6
    ring0_addr: 172.25.12.6
  }
  node {
    nodeid: 7
    ring0_addr: server7
    quorum_votes: 2
  }
}
quorum {
  provider: corosync_votequorum
}
`;

function config(text: string) {
  const result = readConfig(text, FILE);
  expect(result.problems.filter((p) => p.severity === "error")).toEqual([]);
  return result.config!;
}

describe("the seed's configuration", () => {
  test("is read in the legacy form, its misspelling with a warning", () => {
    const { config: seed, problems } = readConfig(seedConfiguration, FILE);
    expect(problems.map((p) => [p.severity, p.text])).toEqual([
      ["warning", "section aisxec is taken as aisexec"],
    ]);
    expect(seed).toMatchObject({
      form: "legacy",
      pacemaker: { version: 0 },
      totem: {
        transport: "udp",
        nodeId: undefined,
        interface: {
          bindNetAddress: "172.25.12.0",
          multicastAddress: "226.94.1.1",
          port: 5405,
          ttl: 1,
        },
      },
      logging: {
        toLogfile: true,
        toSyslog: true,
        toStderr: false,
        logfile: "/var/log/cluster/corosync.log",
        timestamp: "on",
        debug: false,
      },
    });
  });

  test("comes back from print with all comments", () => {
    const { children } = parseConf(seedConfiguration);
    const again = parseConf(printConf(children)).children;
    const bare = (nodes: readonly ConfNode[]): unknown =>
      nodes.map((n) => (n.kind === "section" ? { ...n, children: bare(n.children) } : n));
    expect(bare(again)).toEqual(bare(children));
    expect(printConf(children)).toContain("#Version of totme, unchangeable");
  });

  test("the page itself holds this configuration", () => {
    const page = `${import.meta.dir}/../../../../shared/seed/walkthrough.txt`;
    if (!existsSync(page)) {
      console.log("skipped: ../shared is absent");
      return;
    }
    const text = readFileSync(page, "utf8");
    const from = text.indexOf("  #Totem defines");
    const to = text.indexOf("Generate multicast information key");
    expect(config(text.slice(from, to)).pacemaker).toEqual({ version: 0 });
  });
});

test("the nodelist form", () => {
  const read = config(NODELIST);
  expect(read.form).toBe("nodelist");
  expect(read.totem.numbers["token"]).toBe(5000);
  expect(read.nodes.map((n) => [n.nodeId, n.name, n.address, n.votes])).toEqual([
    [6, "server6", "172.25.12.6", 1],
    [7, undefined, "server7", 2],
  ]);
  const keys = new Map(configKeys(read).map((k) => [k.key, [k.type, k.value]]));
  expect(keys.get("nodelist.node.1.quorum_votes")).toEqual(["u32", "2"]);
  expect(keys.get("totem.token")).toEqual(["u32", "5000"]);
  expect(keys.get("quorum.provider")).toEqual(["string", "corosync_votequorum"]);
});

test("a nodelist without transport means knet; secauth means aes256 and sha256", () => {
  const plain = config(NODELIST.replace("transport: udpu", "link_mode: rr"));
  expect(plain.totem.transport).toBe("knet");
  expect(plain.totem.knet).toMatchObject({ mode: "rr", cipher: "none", keyFile: undefined });
  expect(plain.totem.knet.links.map((l) => l.port)).toEqual([
    5405, 5406, 5407, 5408, 5409, 5410, 5411, 5412,
  ]);
  const secure = config(NODELIST.replace("transport: udpu", "secauth: on"));
  expect(secure.totem.knet).toMatchObject({
    cipher: "aes256",
    hash: "sha256",
    keyFile: "/etc/corosync/authkey",
  });
});

test("a legacy ring without a word about secauth is warned: it is not encrypted", () => {
  const { problems } = readConfig(LEGACY(""), FILE);
  expect(problems.map((p) => p.text)).toEqual([expect.stringContaining("secauth is not set")]);
});

test("a # after white space begins a comment, within a word it does not", () => {
  const text = seedConfiguration.replace(
    "logfile: /var/log/cluster/corosync.log",
    "logfile: /var/log/a#b   # where",
  );
  expect(config(text).logging.logfile).toBe("/var/log/a#b");
});

/** [name, text, line, what the message must say] */
const TOTEM = (entries: string) => `totem {\n version: 2\n${entries}\n}\n`;
const LEGACY = (entries: string, net = "") =>
  TOTEM(` ${entries}\n interface {\n  bindnetaddr: 10.0.0.0\n  ${net}\n }`);
const KNET = (entry: string) => NODELIST.replace("transport: udpu", entry);
const QUORUM = (entries: string) =>
  NODELIST.replace("provider: corosync_votequorum", `provider: corosync_votequorum\n${entries}`);

const MALFORMED: readonly (readonly [string, string, number, RegExp])[] = [
  ["nothing at all", "", 0, /no totem section/],
  ["a section that is never closed", "totem {\n version: 2\n", 1, /missing closing brace.*totem/],
  ["a closing brace too many", `${LEGACY("")}}\n`, 9, /unexpected closing brace/],
  ["a line that is nothing", `bla\n${LEGACY("")}`, 1, /neither .*section/],
  ["a section without a name", " {\n}\n", 1, /needs a name/],
  ["text behind an opening brace", "totem { version: 2\n}\n", 1, /follow an opening brace/],
  ["text behind a closing brace", "totem {\n version: 2\n} x\n", 3, /follow a closing brace/],
  ["an entry without a value", TOTEM(" token:"), 3, /token has no value/],
  ["an entry without a key", TOTEM(" : 3"), 3, /no key/],
  ["control characters", TOTEM(" token: \u00013"), 3, /control characters/],
  ["deep nesting", "a {\n".repeat(20), 17, /deeper than 16/],
  ["an unknown section", `totm {\n}\n${LEGACY("")}`, 1, /unknown section totm.*did you mean totem/],
  [
    "an unknown entry",
    LEGACY("tokn: 3"),
    3,
    /unknown entry tokn in section totem; did you mean token/,
  ],
  ["the wrong version", "totem {\n version: 3\n}\n", 2, /totem.version is "3", but must be 2/],
  ["no version", "totem {\n interface {\n bindnetaddr: 10.0.0.0\n }\n}\n", 1, /no entry version/],
  ["a number that is none", LEGACY("token: abc"), 3, /totem.token is "abc".*whole number/],
  ["a number out of range", LEGACY("token: 5"), 3, /from 30 to/],
  ["a switch that is none", LEGACY("secauth: maybe"), 3, /one of: on, off/],
  ["an address that is none", LEGACY("", "mcastaddr: 300.1.1.1"), 6, /must be an IP address/],
  ["a unicast group", LEGACY("", "mcastaddr: 10.1.1.1"), 6, /no multicast address/],
  ["a port out of range", LEGACY("", "mcastport: 70000"), 6, /from 1 to 65535/],
  ["encryption over udp", LEGACY("secauth: on"), 3, /secauth on needs transport knet/],
  ["a cipher over udp", LEGACY("crypto_cipher: aes256"), 3, /crypto_cipher aes256 needs/],
  ["knet without nodes", LEGACY("transport: knet"), 0, /knet needs a nodelist/],
  ["a cipher without a hash", KNET("crypto_cipher: aes256"), 3, /needs totem.crypto_hash/],
  ["an old cipher", KNET("crypto_cipher: 3des"), 3, /3des is not safe/],
  ["a key in the file", KNET("key: secret"), 3, /put it into a keyfile/],
  ["compression", KNET("knet_compression_model: zlib"), 3, /allowed: none/],
  [
    "a node id too large for knet",
    KNET("").replace("nodeid: 7", "nodeid: 70000"),
    12,
    /1 to 65535/,
  ],
  ["a node without id on knet", KNET("").replace(/ *nodeid: .\n/g, ""), 7, /knet needs one/],
  ["udpu without nodes", LEGACY("transport: udpu"), 0, /udpu needs a nodelist/],
  ["no network", TOTEM(""), 0, /bindnetaddr is missing/],
  ["two rings", LEGACY("", "ringnumber: 1"), 4, /single ring/],
  ["redundant rings", LEGACY("rrp_mode: passive"), 3, /several rings/],
  ["a node twice", NODELIST.replace("nodeid: 7", "nodeid: 6"), 12, /nodeid 6 is also/],
  [
    "some nodes without id",
    NODELIST.replace("    nodeid: 7\n", ""),
    12,
    /has no nodeid, but others/,
  ],
  ["two_node with three votes", QUORUM(" two_node: 1"), 18, /exactly two votes, but 3/],
  ["a log file without a name", `${LEGACY("")}logging {\n to_logfile: yes\n}\n`, 10, /no logfile/],
  ["a relative log file", `${LEGACY("")}logging {\n logfile: x\n}\n`, 10, /absolute path/],
  ["a quorum device", QUORUM(" device {\n  model: net\n }"), 20, /device is not available yet/],
  ["a quorum without provider", NODELIST.replace(/ *provider:.*\n/, ""), 18, /no entry provider/],
  ["an unknown service", `${LEGACY("")}service {\n name: pacemaker\n ver: 2\n}\n`, 11, /0, 1/],
];

describe("malformed configurations are refused, with the line", () => {
  test.each(MALFORMED.map((row) => [...row] as [string, string, number, RegExp]))(
    "%s",
    (_name, text, line, message) => {
      const { config: read, problems } = readConfig(text, FILE);
      expect(read).toBeUndefined();
      const found = problems.find((p) => message.test(p.text));
      expect(found === undefined ? problems : found.line).toEqual(line);
      expect(problems[0]?.severity).toBe("error");
    },
  );
});

test("suggestions are near, or none", () => {
  expect(nearest("bindnetadr", ["bindnetaddr", "mcastaddr"])).toBe("bindnetaddr");
  expect(nearest("completely", ["bindnetaddr", "mcastaddr"])).toBeUndefined();
});
