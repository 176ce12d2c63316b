/**
 * Conversations of rings as text. A script is a list of blocks: commands, a line `----`, and what must happen, then an empty
 * line. `UPDATE=1` rewrites what must happen. Commands:
 *
 *     ring COUNT [legacy]        a network of nodes 1 to COUNT, none running; delays are constant
 *     show WORD ...              what is printed: configuration, deliver, log, token, commit, join, mcast, merge, hold
 *     start N ... | crash N | leave N | pause N MS
 *     multicast N TEXT           N sends a message
 *     lose KIND A>B COUNT        the next COUNT datagrams of this kind on this link are lost
 *     cut A>B ... | heal
 *     run MS                     lets time pass
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ringText } from "../../../lib/totem/sequence.ts";
import { totemTimers } from "../../../lib/totem/timers.ts";
import { Reader } from "../../../lib/wire/reader.ts";
import { decodeTotem, type TotemMessage } from "../../../lib/wire/totem.ts";
import { Audit } from "../../sim/ring/audit.ts";
import type { EngineEffect } from "../../sim/ring/engine.ts";
import { bareEngines } from "../../sim/ring/run.ts";
import { type Node, World } from "../../sim/ring/world.ts";

const list = (ids: readonly number[]): string => (ids.length === 0 ? "-" : ids.join(","));

const kinds: Readonly<Record<TotemMessage["kind"], string>> = {
  "orf-token": "token",
  mcast: "mcast",
  "merge-detect": "merge",
  join: "join",
  "commit-token": "commit",
  "hold-cancel": "hold",
};

function messageText(message: TotemMessage): string {
  switch (message.kind) {
    case "orf-token": {
      const aru = message.aru | 0;
      const wanted = message.entries.map((entry) => entry.seq).join(",");
      const rest = `${message.retransFlag === 0 ? "" : " retrans"}${wanted === "" ? "" : ` rtr ${wanted}`}`;
      return `${ringText(message.ringId)} hop ${message.tokenSeq} seq ${message.seq} aru ${aru}${rest}`;
    }
    case "mcast":
      return `${ringText(message.ringId)} seq ${message.seq}${message.encapsulated === 1 ? " recovered" : ""}`;
    case "join": {
      const who = message.nodeId === 0 ? "LEAVE " : "";
      return `${who}proc ${list(message.proc)} failed ${list(message.failed)} ring seq ${message.ringSeq}`;
    }
    case "commit-token":
      return `${ringText(message.ringId)} hop ${message.tokenSeq} filled ${message.memberIndex} of ${message.members.length}`;
    default:
      return ringText(message.ringId);
  }
}

class Conversation {
  private world = new World(1, 0, new Audit(), bareEngines(totemTimers()));
  private shown = new Set(["configuration", "deliver"]);
  private readonly losses: { kind: string; link: string; count: number }[] = [];
  private lines: string[] = [];

  /** Carries out the commands; returns what was to be seen. */
  run(commands: readonly string[]): readonly string[] {
    this.lines = [];
    for (const command of commands) this.command(command.split(" "));
    return this.lines;
  }

  private command([verb = "", ...words]: readonly string[]): void {
    const node = (word: string | undefined): Node => {
      const found = this.world.nodes[Number(word) - 1];
      if (found === undefined) throw new Error(`no node ${word}`);
      return found;
    };
    const [first, second, third] = words;
    if (verb === "ring") this.makeRing(Number(first), second === "legacy");
    else if (verb === "show") this.shown = new Set(words);
    else if (verb === "start") for (const word of words) this.world.start(node(word));
    else if (verb === "crash") this.world.crash(node(first));
    else if (verb === "leave") this.world.leave(node(first));
    else if (verb === "pause") this.world.pause(node(first), Number(second));
    else if (verb === "multicast") this.world.multicast(node(first), Number(second));
    else if (verb === "cut") for (const word of words) this.cut(word);
    else if (verb === "heal") this.world.links.heal();
    else if (verb === "run") this.world.run(this.world.now + Number(first));
    else if (verb === "lose") {
      this.losses.push({ kind: first ?? "", link: second ?? "", count: Number(third) });
    } else throw new Error(`unknown command ${verb}`);
  }

  private cut(link: string): void {
    const [from, to] = link.split(">").map(Number);
    this.world.links.cut(from ?? 0, to ?? 0);
  }

  private makeRing(count: number, legacy: boolean): void {
    const timers = totemTimers({ legacy, nodes: legacy ? 0 : count });
    this.world = new World(
      1,
      count,
      new Audit(),
      bareEngines(timers, legacy ? "legacy" : "nodelist"),
    );
    this.world.delayMs = 0;
    this.world.trace = (node, effect) => this.trace(node, effect);
    this.world.loses = (from, to, data) => this.loses(from, to, data);
  }

  private loses(from: Node, to: Node, data: Uint8Array): boolean {
    const kind = kindOf(data);
    const loss = this.losses.find(
      (item) => item.count > 0 && item.kind === kind && item.link === `${from.id}>${to.id}`,
    );
    if (loss === undefined) return false;
    loss.count--;
    this.print(from, `(lost) ${kind} to ${to.id}`);
    return true;
  }

  private trace(node: Node, effect: EngineEffect): void {
    if (effect.kind === "send") {
      const message = decodeTotem(effect.data);
      if (message === undefined) throw new Error("a datagram that does not decode");
      const kind = kinds[message.kind];
      if (this.shown.has(kind))
        this.print(node, `${kind} to ${effect.to}: ${messageText(message)}`);
    } else if (effect.kind === "configuration" && this.shown.has("configuration")) {
      const { type, ringId, members, left, joined } = effect;
      const text = `${type} ${ringText(ringId)} members ${list(members)} left ${list(left)} joined ${list(joined)}`;
      this.print(node, text);
    } else if (effect.kind === "deliver" && effect.group === "a" && this.shown.has("deliver")) {
      const number = new Reader(effect.body.subarray(8)).u32();
      this.print(node, `deliver ${effect.from}/${number}, ${effect.body.length} bytes`);
    } else if (effect.kind === "log" && effect.level !== "debug" && this.shown.has("log")) {
      this.print(node, `log ${effect.level} ${effect.text}`);
    }
  }

  private print(node: Node, text: string): void {
    this.lines.push(`${this.world.now.toFixed(2)} node ${node.id} ${text}`.trimEnd());
  }
}

function kindOf(data: Uint8Array): string {
  const message = decodeTotem(data);
  return message === undefined ? "" : kinds[message.kind];
}

/** Runs a script and returns it with what really happened. */
function replay(script: string): string {
  const conversation = new Conversation();
  return script
    .split("\n\n")
    .map((block) => {
      const lines = block.split("\n").filter((line) => line !== "");
      const end = lines.indexOf("----");
      if (end < 0) return lines.join("\n");
      const commands = lines.slice(0, end);
      const happened = conversation.run(commands.filter((line) => !line.startsWith("#")));
      return [...commands, "----", ...happened].join("\n");
    })
    .join("\n\n")
    .concat("\n");
}

for (const name of readdirSync(import.meta.dir).filter((file) => file.endsWith(".txt"))) {
  test(name, () => {
    const path = join(import.meta.dir, name);
    const script = readFileSync(path, "utf8");
    const happened = replay(script);
    if (process.env["UPDATE"] === "1") writeFileSync(path, happened);
    else expect(happened).toBe(script);
  });
}
