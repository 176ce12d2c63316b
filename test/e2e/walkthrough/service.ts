/** The page's web service: an address and a web server, together and in order, and the test that moves them. */
import { VIRTUAL_ADDRESS } from "../../../lib/lab/spec.ts";
import { OUTSIDE } from "../hosts.ts";
import type { Block, Step, TypeStep, World } from "../story.ts";
import {
  ALL_ONLINE,
  configured,
  crm,
  enter,
  FIRST,
  fact,
  HOSTS,
  leftNode,
  onlyOn,
  others,
  SETTLE_MS,
  settles,
  status,
  TOP,
} from "./words.ts";

const TOGETHER = ` webip (ocf::heartbeat:IPaddr): Started {node:webip}
 webserver (lsb:httpd): Started {node:webserver}`;

const sameNode = (_: string, w: World) =>
  fact(w, "webip") === fact(w, "webserver") ? undefined : "they are on different nodes";

/** Status lines of a cluster where the first holder is standby. */
const withStandby = (resources: number, body: string) => (w: World) =>
  status(
    resources,
    `Node ${fact(w, "vip")}: standby\nOnline: [ ${others(fact(w, "vip"))} ]\n${body}`,
  );

export const webip: Block = {
  title: "The web service's address",
  see: "webip runs on one of the two nodes that are online",
  steps: [
    crm(FIRST, [
      enter("configure"),
      configured(
        "primitive webip IPaddr params ip=172.25.12.200 op monitor interval=10s timeout=20s",
      ),
      configured("verify"),
      configured("commit"),
      TOP,
      settles(withStandby(1, " webip (ocf::heartbeat:IPaddr): Started {node:webip}")),
    ]),
    onlyOn("webip"),
  ],
};

export const webserver: Block = {
  title: "The web server",
  see: "both run, on different nodes: the cluster balances",
  steps: [
    crm(FIRST, [
      enter("configure"),
      configured("primitive webserver lsb:httpd op monitor interval=30s timeout=15s"),
      configured("verify"),
      configured("commit"),
      TOP,
      settles(
        withStandby(
          2,
          ` webip (ocf::heartbeat:IPaddr): Started {node:webip}
 webserver (lsb:httpd): Started {node:webserver}`,
        ),
        (_, w) => (fact(w, "webip") === fact(w, "webserver") ? "both are on one node" : undefined),
      ),
    ]),
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

export const colocation: Block = {
  title: "Together: a colocation",
  see: "leaving configure asks about the change; then both run on one node",
  steps: [
    crm("server8", [
      enter("configure"),
      configured("colocation apache inf: webserver webip"),
      { type: "show", level: "configure", show: shown },
      { type: "cd", level: "?" },
      { type: "y", level: "" },
      enter("node"),
      { type: (w) => `online ${fact(w, "vip")}`, level: "node" },
      TOP,
      settles(status(2, `${ALL_ONLINE}\n${TOGETHER}`), sameNode),
    ]),
  ],
};

export const order: Block = {
  title: "In order: an order constraint",
  see: "kept in the CIB's meaning; the shell shows inf:",
  steps: [
    crm("server8", [
      enter("configure"),
      configured("order webip_before_webserver mandatory: webip webserver"),
      configured("commit"),
      {
        type: "show webip_before_webserver",
        level: "configure",
        show: "order webip_before_webserver inf: webip webserver",
      },
    ]),
  ],
};

/** Keeps the name of the host that has the service now. */
const remember = (name: string): Step => ({
  kind: "act",
  what: "remember who serves now",
  act: async (w) => {
    w.facts[name] = fact(w, "webip");
  },
});

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

export const test: Block = {
  title: "The test: standby, and back",
  see: "the page comes from the next host; it does not flow back",
  steps: [
    remember("first"),
    page("first"),
    crm(
      (w) => fact(w, "first"),
      [
        enter("node"),
        { type: "standby", level: "node" },
        TOP,
        settles(
          (w) =>
            status(
              2,
              `Node ${fact(w, "first")}: standby\nOnline: [ ${others(fact(w, "first"))} ]\n${TOGETHER}`,
            ),
          (text, w) => sameNode(text, w) ?? leftNode("webip", "first")(text, w),
        ),
      ],
    ),
    page("webip"),
    onlyOn("webip"),
    remember("second"),
    {
      kind: "type",
      on: "server8",
      command: (w) => `crm node online ${fact(w, "first")}`,
    },
    crm("server8", [settles(status(2, `${ALL_ONLINE}\n${TOGETHER}`), sameNode)]),
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
