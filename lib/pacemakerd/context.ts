/** What all parts of pacemakerd share within one step: time, the list of effects, names. It decides nothing. */
import type { LogLevel, Millis } from "../base/core.ts";
import { md5Hex } from "../base/md5.ts";
import type { PacemakerdConfig, PacemakerdEffect } from "./api.ts";
import type { NodeName } from "./cib/status.ts";
import { encodeMessage, type Message } from "./messages.ts";
import type { GroupPort } from "./ring.ts";

export class Context {
  readonly config: PacemakerdConfig;
  now: Millis = 0;
  private out: PacemakerdEffect[] = [];
  private epochAtZero = 0;
  private counter = 0;
  private readonly port: GroupPort;

  constructor(config: PacemakerdConfig, port: GroupPort) {
    this.config = config;
    this.port = port;
  }

  /** Begins a step. */
  begin(now: Millis): void {
    this.now = now;
    this.out = [];
  }

  /** The effects of this step, in order. */
  end(): readonly PacemakerdEffect[] {
    return this.out;
  }

  setWallClock(epochMs: number): void {
    this.epochAtZero = epochMs - this.now;
  }

  epochMs(): number {
    return Math.round(this.epochAtZero + this.now);
  }

  /** Epoch seconds. */
  epoch(): number {
    return Math.floor(this.epochMs() / 1000);
  }

  effect(effect: PacemakerdEffect): void {
    this.out.push(effect);
  }

  log(level: LogLevel, text: string): void {
    this.out.push({ kind: "log", level, subsystem: "pacemakerd", text });
  }

  setTimer(name: string, delayMs: Millis): void {
    this.out.push({ kind: "set-timer", name, delayMs });
  }

  cancelTimer(name: string): void {
    this.out.push({ kind: "cancel-timer", name });
  }

  /** Puts a message into the order; it comes back to us like to everyone. */
  multicast(message: Message): void {
    for (const body of this.port.send(encodeMessage(message))) {
      this.out.push({ kind: "multicast", body });
    }
  }

  /** A uuid that nobody can guess without the seed; never the same twice. */
  uuid(): string {
    const hex = md5Hex(`${this.config.seed}:${this.config.nodeId}:${++this.counter}`);
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `a${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join("-");
  }

  /** How the CIB names a node: by uname with the plugin stack, else by number (HOUSE: node ids). */
  cibName(nodeId: number, uname: string): NodeName {
    return { id: this.config.form === "legacy" ? uname : String(nodeId), uname };
  }

  get self(): NodeName {
    return this.cibName(this.config.nodeId, this.config.nodeName);
  }
}
