/** An engine over knet: what its ring sends goes by one or several links, as the real transport decides. */
import type { Millis } from "../../../lib/base/core.ts";
import type { TotemRing } from "../../../lib/totem/ring.ts";
import {
  type KnetEffect,
  type KnetEvent,
  KnetTransport,
} from "../../../lib/totem/transport/knet.ts";
import type { Emit, Engine, EngineEvent } from "./engine.ts";
import { addressOf, ringPort } from "./world.ts";

export interface KnetOptions {
  readonly links: number;
  readonly mode: "passive" | "active" | "rr";
}

const pongCount = 2;
/** Of the transport's one timer. */
const timerName = "knet";

export class KnetEngine implements Engine {
  private readonly inner: Engine;
  private readonly transport: KnetTransport;
  private readonly nodeId: number;
  private readonly queue: EngineEvent[] = [];

  constructor(inner: Engine, nodeId: number, nodes: number, options: KnetOptions, tokenMs: Millis) {
    this.inner = inner;
    this.nodeId = nodeId;
    const ids = Array.from({ length: nodes }, (_, index) => index + 1);
    this.transport = new KnetTransport({
      nodeId,
      mode: options.mode,
      room: (bytes) => bytes,
      links: Array.from({ length: options.links }, (_, link) => ({
        link,
        priority: options.links - link,
        local: { address: addressOf(nodeId, link), port: ringPort },
        peers: new Map(ids.map((id) => [id, { address: addressOf(id, link), port: ringPort }])),
        timers: {
          pingIntervalMs: tokenMs / (2 * pongCount),
          pingTimeoutMs: tokenMs / pongCount,
          pongCount,
        },
      })),
    });
  }

  get ring(): TotemRing {
    return this.inner.ring;
  }

  get engine(): Engine {
    return this.inner;
  }

  get synchronising(): boolean {
    return this.inner.synchronising;
  }

  sending(bytes: number, message: () => Uint8Array): EngineEvent | undefined {
    return this.inner.sending(bytes, message);
  }

  pending(): readonly EngineEvent[] {
    return this.inner.pending();
  }

  step(now: Millis, event: EngineEvent, emit: Emit): number {
    const { queue } = this;
    queue.length = 0;
    if (event.kind === "start") this.carry(now, event, emit);
    if (event.kind === "packet" || (event.kind === "timer" && event.name === timerName)) {
      this.carry(now, event, emit);
    } else queue.push(event);
    let steps = 1;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      steps += this.inner.step(now, next, (effect) => {
        const isForPeers = effect.kind === "send" && effect.to !== this.nodeId;
        if (isForPeers) this.carry(now, { ...effect, kind: "ring-send" }, emit);
        else emit(effect);
      });
    }
    return steps;
  }

  /** What the transport does with an event; datagrams that it hands up wait for the end of it. */
  private carry(now: Millis, event: KnetEvent, emit: Emit): void {
    for (const effect of this.transport.step(now, event)) this.onEffect(effect, emit);
  }

  private onEffect(effect: KnetEffect, emit: Emit): void {
    if (effect.kind === "datagram") this.queue.push(effect);
    else if (effect.kind !== "link") emit(effect);
  }
}
