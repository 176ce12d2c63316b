/** What the walkthrough's blocks are made of: steps that occur again and again, and the status text of the seed. */
import { VIRTUAL_ADDRESS } from "../../../lib/lab/spec.ts";
import { until } from "../hosts.ts";
import type { CrmLine, CrmStep, Step, TypeStep, World } from "../story.ts";

export const HOSTS = ["server6", "server7", "server8"] as const;
export const FIRST = HOSTS[0];

/** How long the cluster may be at work after a change. */
export const SETTLE_MS = 60_000;
/** First start of three nodes. */
export const START_MS = 90_000;

export const fact = (world: World, name: string): string => {
  const known = world.facts[name];
  if (known === undefined) throw new Error(`the story does not know "${name}" yet`);
  return known;
};

/** The hosts but one, as the status lists them. */
export const others = (host: string) => HOSTS.filter((h) => h !== host).join(" ");

/** A check that what `name` says is no longer `old`: the cluster may show the old place for a moment. */
export const leftNode = (name: string, old: string) => (_: string, w: World) =>
  fact(w, name) === fact(w, old) ? `${name} is still on ${fact(w, old)}` : undefined;

/** The seed's status text. `body` is what follows the two empty lines. */
export function status(resources: number, body: string, quorum = "with"): string {
  return `Last updated: {date}
Last change: {date} via {client} on {node}
Stack: classic openais (with plugin)
Current DC: {node} - partition ${quorum} quorum
Version: {version}
3 Nodes configured, 3 expected votes
${resources} Resources configured
${body}`;
}

export const ALL_ONLINE = `Online: [ ${HOSTS.join(" ")} ]`;

export const onEach = (step: Omit<TypeStep, "on" | "kind">): readonly TypeStep[] =>
  HOSTS.map((on) => ({ kind: "type", on, ...step }));

/** A conversation with the shell on a host. */
export const crm = (on: CrmStep["on"], lines: readonly CrmLine[]): CrmStep => ({
  kind: "crm",
  on,
  lines,
});

/** Goes down into a level. */
export const enter = (level: string): CrmLine => ({ type: level, level });

/** Goes back up. */
export const TOP: CrmLine = { type: "cd", level: "" };

/** A line typed at the level `configure`, which stays there. */
export const configured = (type: string): CrmLine => ({ type, level: "configure" });

/** `status`, looked at until the cluster has settled so. */
export const settles = (
  show: NonNullable<CrmLine["show"]>,
  check?: NonNullable<CrmLine["check"]>,
): CrmLine => ({
  type: "status",
  level: "",
  show,
  settleMs: SETTLE_MS,
  ...(check === undefined ? {} : { check }),
});

/** The address in `ip addr`, as the page shows it. */
function showsAddress(text: string): string | undefined {
  const line = /inet 172\.25\.12\.200\/24 brd 172\.25\.12\.255 scope global secondary eth0/;
  return line.test(text) ? undefined : `${VIRTUAL_ADDRESS} is not there:\n${text}`;
}

/** `ip addr` shows the address on this host. */
export const shownBy = (name: string): TypeStep => ({
  kind: "type",
  on: (w) => fact(w, name),
  command: "ip addr show eth0",
  check: showsAddress,
  settleMs: SETTLE_MS,
});

/** The address is on exactly this host. */
export function onlyOn(name: string): Step {
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
