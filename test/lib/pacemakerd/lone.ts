/** One pacemakerd alone on a perfect ring, stepped by hand: what it multicasts is delivered back in order. */
import type {
  PacemakerdConfig,
  PacemakerdEffect,
  PacemakerdEvent,
  RunEffect,
} from "../../../lib/pacemakerd/api.ts";
import { tryDecode } from "../../../lib/pacemakerd/messages.ts";
import { Pacemakerd } from "../../../lib/pacemakerd/pacemakerd.ts";
import { decodePacemakerFrame, encodePacemakerFrame } from "../../../lib/wire/ipc/pacemaker.ts";
import type { XmlElement } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

const RESPONSE = 0x200;

export interface Answer {
  readonly client: number;
  readonly event: boolean;
  readonly xml: XmlElement;
}

/** Behind the header of its part. */
function kindOf(body: Uint8Array): string {
  return tryDecode(body.subarray(13))?.kind ?? "";
}

function jobDone(job: number, exit: number, stdout: string): PacemakerdEvent {
  return { kind: "job-done", job, exit, timedOut: false, stdout, stderr: "", execMs: 5 };
}

export class Lone {
  readonly core: Pacemakerd;
  readonly effects: PacemakerdEffect[] = [];
  readonly answers: Answer[] = [];
  readonly runs: RunEffect[] = [];
  readonly timers = new Map<string, number>();
  now = 0;
  /** Kinds of messages that the ring never delivers. */
  swallows = (_kind: string): boolean => false;
  /** What agents say of themselves. */
  metaData = "";
  /** Paths whose writes fail. */
  diskFails = (_path: string): boolean => false;
  private readonly queue: PacemakerdEvent[] = [];
  private nextClient = 1;
  /** Failed writes that the core has not heard of. */
  private unheard = 0;

  constructor(config: Partial<PacemakerdConfig> = {}) {
    this.core = new Pacemakerd({
      nodeId: 1,
      nodeName: "n1",
      processId: 7,
      seed: "test",
      form: "nodelist",
      cibFolder: "/cib",
      stored: {
        cib: undefined,
        quorateSeq: 0,
        quoratePosition: 0,
        withoutQuorum: "",
        promised: 0,
        backupSequence: 0,
      },
      cores: 2,
      userOf: (uid) => (uid === 0 ? "root" : `user${uid}`),
      utcOffsetSeconds: 0,
      ...config,
    });
    this.post({ kind: "start", epochMs: 1_500_000_000_000 });
  }

  /** A quorate ring of one. */
  join(): this {
    const members = [{ nodeId: 1, processId: 7 }];
    this.post({ kind: "cpg-configuration", members, ringId: "1.8", ringSeq: 8, ringMembers: [1] });
    this.post({
      kind: "quorum",
      quorate: true,
      ringSeq: 8,
      nodes: [1],
      expectedVotes: 1,
      neededVotes: 1,
      votes: [[1, 1]],
    });
    return this;
  }

  /** Steps an event and all that follows at once; zero timers included. */
  post(event: PacemakerdEvent): void {
    this.queue.push(event);
    for (;;) {
      const next = this.queue.shift() ?? this.dueTimer();
      if (next === undefined) return;
      if (next.kind === "persist-failed") this.unheard--;
      for (const effect of this.core.step(this.now, next)) this.carryOut(effect);
    }
  }

  private dueTimer(): PacemakerdEvent | undefined {
    for (const [name, at] of this.timers) {
      if (at > this.now) continue;
      this.timers.delete(name);
      return { kind: "timer", name };
    }
    return undefined;
  }

  /** Lets time pass; timers fire when they are due. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = [...this.timers].sort((a, b) => a[1] - b[1])[0];
      if (next === undefined || next[1] > until) break;
      this.now = Math.max(this.now, next[1]);
      this.timers.delete(next[0]);
      this.post({ kind: "timer", name: next[0] });
    }
    this.now = until;
  }

  private carryOut(effect: PacemakerdEffect): void {
    this.effects.push(effect);
    switch (effect.kind) {
      case "multicast":
        if (this.swallows(kindOf(effect.body))) break;
        this.queue.push({
          kind: "cpg-deliver",
          from: { nodeId: 1, processId: 7 },
          body: effect.body,
        });
        break;
      case "set-timer":
        this.timers.set(effect.name, this.now + effect.delayMs);
        break;
      case "cancel-timer":
        this.timers.delete(effect.name);
        break;
      case "persist":
        if (this.unheard > 0 || this.diskFails(effect.path)) {
          this.unheard++;
          this.queue.push({ kind: "persist-failed", path: effect.path, reason: "ENOSPC" });
        }
        break;
      case "run":
        if (effect.action === "meta-data") this.queue.push(jobDone(effect.job, 0, this.metaData));
        else this.runs.push(effect);
        break;
      case "respond":
      case "send-event": {
        const frame = decodePacemakerFrame(effect.message);
        if ("rejected" in frame) throw new Error(frame.text);
        const xml = parseXml(frame.text);
        this.answers.push({ client: effect.client, event: effect.kind === "send-event", xml });
        break;
      }
      default:
    }
  }

  /** Connects a client and sends one request; the answers that came at once. */
  ask(service: string, text: string, flags = RESPONSE, uid = 0): readonly Answer[] {
    const client = this.nextClient++;
    const before = this.answers.length;
    this.post({ kind: "client-connected", service, client, uid, gid: uid, pid: 99 });
    const message = encodePacemakerFrame({ id: 1, flags, text });
    this.post({ kind: "client-request", client, message });
    return this.answers.slice(before);
  }

  /** Ends the newest agent run. */
  finish(exit: number): void {
    this.post(jobDone(this.runs.shift()!.job, exit, ""));
  }

  logs(level: string): readonly string[] {
    return this.effects.flatMap((e) => (e.kind === "log" && e.level === level ? [e.text] : []));
  }

  get persisted(): readonly string[] {
    return this.effects.flatMap((e) => (e.kind === "persist" ? [e.path] : []));
  }
}
