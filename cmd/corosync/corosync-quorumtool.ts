/** corosync-quorumtool: quorum, votes and members; texts and exit codes of the original. */
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { connectCfg } from "../../lib/client/cfg.ts";
import { type CmapClient, connectCmap } from "../../lib/client/cmap.ts";
import { connectQuorum, type QuorumClient } from "../../lib/client/quorum.ts";
import { connectVotequorum, type VotequorumClient } from "../../lib/client/votequorum.ts";
import type { QuorumEvent } from "../../lib/wire/ipc/services-quorum.ts";
import { VotequorumFlag, type VotequorumInfo } from "../../lib/wire/ipc/services-votequorum.ts";
import { VERSION } from "../version.ts";
import {
  connected,
  errorName,
  failed,
  isResult,
  lastAction,
  nodeName,
  wholeNumber,
} from "./service-error.ts";

const ACTIONS = ["status", "monitor", "list", "votes", "expected", "device"];
const EXIT_NOT_QUORATE = 2;
const STATE_WAIT_MS = 10_000;

interface Row {
  readonly nodeId: number;
  readonly votes: number;
  readonly name: string;
  readonly local: boolean;
}

interface Status {
  readonly provider: string;
  readonly quorate: boolean;
  readonly ringId: { readonly rep: number; readonly seq: number };
  readonly localNodeId: number;
  readonly info: VotequorumInfo | undefined;
  readonly rows: readonly Row[];
}

type QuorumState = Extract<QuorumEvent, { event: "quorum" }>;

/** The current state, which the service reports as an event. */
async function currentState(quorum: QuorumClient, session: Session): Promise<QuorumState> {
  let state: QuorumState | undefined;
  quorum.onEvent = (event) => {
    if (event.event === "quorum") state = event;
  };
  await quorum.useModelOne();
  await quorum.track(false);
  for (let waited = 0; state === undefined && waited < STATE_WAIT_MS; waited += 5) {
    await session.sleep(5);
  }
  if (state === undefined) throw new Error("corosync does not report its quorum");
  return state;
}

async function readStatus(
  quorum: QuorumClient,
  votequorum: VotequorumClient,
  cmap: CmapClient,
  session: Session,
  plainAddress: boolean,
): Promise<Status> {
  const cfg = await connectCfg(session.ipc);
  const state = await currentState(quorum, session);
  const localNodeId = await cfg.localNodeId();
  const rows: Row[] = [];
  for (const nodeId of state.members) {
    const info = await votequorum.info(nodeId);
    const name = await nodeName(nodeId, cmap, cfg, plainAddress);
    rows.push({ nodeId, votes: info?.votes ?? 0, name, local: nodeId === localNodeId });
  }
  return {
    provider: (await cmap.getString("quorum.provider")) ?? "none",
    quorate: state.quorate,
    ringId: state.ringId,
    localNodeId,
    info: await votequorum.info(localNodeId),
    rows,
  };
}

const FLAG_WORDS: readonly (readonly [number, string])[] = [
  [VotequorumFlag.twoNode, "2Node"],
  [VotequorumFlag.quorate, "Quorate"],
  [VotequorumFlag.waitForAll, "WaitForAll"],
  [VotequorumFlag.lastManStanding, "LastManStanding"],
  [VotequorumFlag.autoTieBreaker, "AutoTieBreaker"],
  [VotequorumFlag.allowDownscale, "AllowDownscale"],
  [VotequorumFlag.deviceRegistered, "Qdevice"],
];

function idText(nodeId: number, hexadecimal: boolean): string {
  return hexadecimal ? `0x${nodeId.toString(16).padStart(8, "0")}` : String(nodeId);
}

/** The original's order is that of the daemon, unless another is asked for. */
function sorted(rows: readonly Row[], order: string | undefined): readonly Row[] {
  if (order === "n") return rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return rows.toSorted((a, b) => a.nodeId - b.nodeId);
}

function memberText(status: Status, options: ParsedOptions): string {
  const hexadecimal = options.flag("hexadecimal");
  const device = options.flag("parsable");
  const lines = sorted(status.rows, options.value("order")).map(
    ({ nodeId, votes, name, local }) => {
      const id = idText(nodeId, hexadecimal).padStart(10);
      const extra = device ? `${"NR".padStart(11)}` : "";
      return `${id}${String(votes).padStart(11)}${extra} ${name}${local ? " (local)" : ""}\n`;
    },
  );
  return (
    "Membership information\n----------------------\n" +
    `    Nodeid      Votes${device ? "    Qdevice" : ""} Name\n${lines.join("")}`
  );
}

const WEEKDAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function dateText(atMs: number): string {
  const date = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = String(date.getDate()).padStart(2);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${WEEKDAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${day} ${clock} ${date.getFullYear()}`;
}

function statusText(status: Status, options: ParsedOptions, nowMs: number): string {
  const { info, ringId, rows, quorate } = status;
  const rep =
    options.flag("hexadecimal") || ringId.rep > 0xffff ? ringId.rep.toString(16) : ringId.rep;
  const head =
    "Quorum information\n------------------\n" +
    `Date:             ${dateText(nowMs)}\n` +
    `Quorum provider:  ${status.provider}\n` +
    `Nodes:            ${rows.length}\n` +
    `Node ID:          ${idText(status.localNodeId, options.flag("hexadecimal"))}\n` +
    `Ring ID:          ${rep}.${ringId.seq.toString(16)}\n` +
    `Quorate:          ${quorate ? "Yes" : "No"}\n\n`;
  const flags = FLAG_WORDS.filter(([bit]) => ((info?.flags ?? 0) & bit) !== 0).map(
    ([, word]) => `${word} `,
  );
  const votes =
    info === undefined
      ? ""
      : "Votequorum information\n----------------------\n" +
        `Expected votes:   ${info.expectedVotes}\n` +
        `Highest expected: ${info.highestExpected}\n` +
        `Total votes:      ${info.totalVotes}\n` +
        `Quorum:           ${info.quorum} ${quorate ? " " : "Activity blocked"}\n` +
        `Flags:            ${flags.join("")}\n\n`;
  return `${head}${votes}${memberText(status, options)}`;
}

/** Changes the votes of a node, or of this one. Goes through the ring; refusals in the original's words. */
async function changeVotes(
  votequorum: VotequorumClient,
  votes: number,
  node: number | undefined,
  session: Session,
): Promise<ToolResult> {
  const nodeId = node ?? (await (await connectCfg(session.ipc)).localNodeId());
  try {
    await votequorum.setVotes(votes, nodeId);
    return { exit: 0 };
  } catch (error) {
    return failed(`Unable to set votes ${votes} for nodeid: ${nodeId}: ${errorName(error)}`);
  }
}

async function changeExpected(votequorum: VotequorumClient, votes: number): Promise<ToolResult> {
  try {
    await votequorum.setExpected(votes);
    return { exit: 0 };
  } catch (error) {
    return failed(`Unable to set expected votes: ${errorName(error)}`);
  }
}

/** Prints the status again whenever it changes. */
async function monitor(
  read: () => Promise<Status>,
  options: ParsedOptions,
  session: Session,
): Promise<never> {
  let last = "";
  for (;;) {
    const status = await read();
    const key = JSON.stringify([status.ringId, status.quorate, status.rows, status.info]);
    if (key !== last) session.print(`${statusText(status, options, session.now())}\n`);
    last = key;
    await session.sleep(500);
  }
}

/** What is wrong with the words on the command line, in the original's words. */
function misuse(options: ParsedOptions): string | undefined {
  for (const { key, value } of options.order) {
    if (key === "order" && !["a", "n", "i"].includes(value)) {
      return "Invalid ordering option. valid orders are a(address), i(node ID) or n(name)";
    }
    if (key === "expected" && wholeNumber(value, 1) === undefined) {
      return "New expected votes value was not valid, try a positive number";
    }
    if (key === "votes" && wholeNumber(value, 0) === undefined) {
      return "New votes value was not valid, try a positive number or zero";
    }
    if (key === "node" && wholeNumber(value, 1) === undefined) {
      return "The nodeid was not valid, try a positive number";
    }
  }
  return undefined;
}

export default defineTool({
  name: "corosync-quorumtool",
  summary: "show and change quorum and votes",
  parsing: "getopt",
  misuseOutput: "help",
  usage: "[-s|-m|-l] [-i] [-p] [-H] [-o a|n|i] | -e EXPECTED | -v VOTES [-n NODEID]",
  options: [
    { key: "status", short: ["s"], kind: "flag", help: "Show the quorum status (default)" },
    { key: "monitor", short: ["m"], kind: "flag", help: "Show it again at each change" },
    { key: "list", short: ["l"], kind: "flag", help: "List the members" },
    { key: "all", short: ["a"], kind: "flag", help: "Show all names of each node" },
    { key: "parsable", short: ["p"], kind: "flag", help: "With -s or -l: columns for programs" },
    { key: "votes", short: ["v"], kind: "value", value: "VOTES", help: "Change a node's votes" },
    { key: "node", short: ["n"], kind: "value", value: "NODEID", help: "The node that -v means" },
    {
      key: "expected",
      short: ["e"],
      kind: "value",
      value: "EXPECTED",
      help: "Change the expected votes of the cluster",
    },
    { key: "hexadecimal", short: ["H"], kind: "flag", help: "Show node ids in hexadecimal" },
    { key: "addresses", short: ["i"], kind: "flag", help: "Show addresses instead of names" },
    { key: "order", short: ["o"], kind: "value", value: "a|n|i", help: "Order of the members" },
    {
      key: "device",
      short: ["f"],
      kind: "flag",
      help: "Forget the quorum device (there is none yet)",
    },
    {
      key: "engine",
      short: ["V"],
      kind: "flag",
      help: "Show the version and exit",
    },
    { key: "help", short: ["h"], long: ["help"], kind: "flag", help: "Show this help and exit" },
  ],
  run: async (options, session): Promise<ToolResult> => {
    if (options.flag("engine")) {
      return { exit: 0, out: `corosync-quorumtool version: ${VERSION} (Quorate)\n` };
    }
    const wrong = misuse(options);
    if (wrong !== undefined) return failed(wrong);
    const open = <T>(connect: () => Promise<T>, service: string) =>
      connected(connect, () => `Cannot initialize ${service} service`);
    const cmap = await open(() => connectCmap(session.ipc), "CMAP");
    if (isResult(cmap)) return cmap;
    const quorum = await open(() => connectQuorum(session.ipc), "QUORUM");
    if (isResult(quorum)) return quorum;
    const votequorum = await open(() => connectVotequorum(session.ipc), "VOTEQUORUM");
    if (isResult(votequorum)) return votequorum;
    const action = lastAction(options, ACTIONS);
    if (action?.key === "expected") return changeExpected(votequorum, Number(action.value));
    if (action?.key === "votes") {
      const node = options.value("node");
      const id = node === undefined ? undefined : Number(node);
      return changeVotes(votequorum, Number(action.value), id, session);
    }
    if (action?.key === "device") return { exit: 0 };
    const addresses = options.flag("addresses");
    if (action?.key === "monitor") {
      const again = async () => {
        const fresh = await connectQuorum(session.ipc);
        try {
          return await readStatus(fresh, votequorum, cmap, session, addresses);
        } finally {
          fresh.close();
        }
      };
      return monitor(again, options, session);
    }
    const status = await readStatus(quorum, votequorum, cmap, session, addresses);
    const exit = status.quorate ? 0 : EXIT_NOT_QUORATE;
    if (action?.key === "list") {
      return { exit: 0, out: `\n${memberText(status, options)}` };
    }
    return { exit, out: statusText(status, options, session.now()) };
  },
});
