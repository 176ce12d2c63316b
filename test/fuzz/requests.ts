/**
 * Random, altered and extreme IPC requests at the front doors of both processes (issue 4, bar "Fuzz"): whole cores of one
 * node, driven in memory. Nothing may throw, each request gets at most one response, every message sent is an honest one, and
 * nothing grows without bound. Same seed, same requests.
 */
import { Prng } from "../../lib/base/prng.ts";
import { readConfig } from "../../lib/conf/config.ts";
import type { CorosyncEffect, CorosyncEvent } from "../../lib/corosync/api.ts";
import { Corosync, SERVICES as RING_SERVICES } from "../../lib/corosync/corosync.ts";
import type { PacemakerdEffect, PacemakerdEvent } from "../../lib/pacemakerd/api.ts";
import { Pacemakerd } from "../../lib/pacemakerd/pacemakerd.ts";
import { SERVICES as MANAGER_SERVICES } from "../../lib/pacemakerd/services/front-door.ts";
import { schedule } from "../../lib/scheduler/schedule.ts";
import { messageSize, newRequest, RESPONSE_HEADER_BYTES } from "../../lib/wire/ipc/header.ts";
import { encodePacemakerFrame } from "../../lib/wire/ipc/pacemaker.ts";
import { element, type XmlElement } from "../../lib/xml/node.ts";
import { writeXml } from "../../lib/xml/write.ts";

export interface RequestFuzz {
  readonly requests: number;
  /** Changes of the CIB that got through; 0 for the ring's services. */
  readonly changes: number;
  readonly responses: number;
  readonly events: number;
}

/** Runs a core: timers in order of time, what it sends to itself comes back, front-door messages are checked. */
abstract class Driver<Event, Effect extends { readonly kind: string }> {
  now = 0;
  responses = 0;
  events = 0;
  /** Clients that the core threw out. */
  readonly dropped = new Set<number>();
  /** Responses to the request being carried out; late ones count too. */
  readonly #owed = new Map<number, number>();
  readonly #timers = new Map<string, number>();
  readonly #queue: Event[] = [];

  protected abstract step(event: Event): readonly Effect[];
  /** Effects that are neither timers nor front door. */
  protected abstract other(effect: Effect): void;
  protected abstract timerEvent(name: string): Event;

  post(event: Event): void {
    this.#queue.push(event);
  }

  /** Carries out queued events and everything due within `ms`. */
  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
        for (const effect of this.step(event)) this.#carry(effect);
      }
      const next = [...this.#timers].reduce<[string, number] | undefined>(
        (first, timer) => (first === undefined || timer[1] < first[1] ? timer : first),
        undefined,
      );
      if (next === undefined || next[1] > end) break;
      this.#timers.delete(next[0]);
      this.now = Math.max(this.now, next[1]);
      this.post(this.timerEvent(next[0]));
    }
    this.now = end;
  }

  expectResponse(client: number): void {
    this.#owed.set(client, (this.#owed.get(client) ?? 0) + 1);
  }

  #carry(effect: Effect): void {
    const anyEffect = effect as { kind: string } & Record<string, unknown>;
    switch (effect.kind) {
      case "set-timer":
        this.#timers.set(String(anyEffect["name"]), this.now + Number(anyEffect["delayMs"]));
        return;
      case "cancel-timer":
        this.#timers.delete(String(anyEffect["name"]));
        return;
      case "respond":
        this.#checkResponse(Number(anyEffect["client"]));
        this.responses++;
        checkHonest(anyEffect["message"] as Uint8Array);
        return;
      case "send-event":
        this.events++;
        checkHonest(anyEffect["message"] as Uint8Array);
        return;
      case "drop-client":
        this.dropped.add(Number(anyEffect["client"]));
        return;
      default:
        this.other(effect);
    }
  }

  #checkResponse(client: number): void {
    const owed = this.#owed.get(client) ?? 0;
    if (owed === 0) throw new Error(`client ${client} got a response it never asked for`);
    this.#owed.set(client, owed - 1);
  }
}

function checkHonest(message: Uint8Array): void {
  if (message.length < RESPONSE_HEADER_BYTES || messageSize(message) > message.length) {
    throw new Error(`message of ${message.length} bytes names ${messageSize(message)}`);
  }
}

const CONFIGURATION = `totem {
  version: 2
  cluster_name: fuzz
  transport: udpu
}
nodelist {
  node {
    ring0_addr: 10.0.0.1
    name: n1
    nodeid: 1
  }
}
quorum {
  provider: corosync_votequorum
}
`;

class RingDriver extends Driver<CorosyncEvent, CorosyncEffect> {
  readonly core: Corosync;

  constructor() {
    super();
    const { config } = readConfig(CONFIGURATION, "corosync.conf");
    if (config === undefined) throw new Error("the fuzzer's own configuration is refused");
    this.core = new Corosync({
      config,
      nodeId: 1,
      address: "10.0.0.1",
      hostName: "n1",
      version: "0",
      storedRingSeq: 0,
      storedExpectedVotes: undefined,
      addressOf: () => "10.0.0.1",
    });
    this.post({ kind: "start" });
    this.post({ kind: "interface", up: true, address: "10.0.0.1" });
    this.run(5000);
    if (!this.core.ready) throw new Error("the ring of one does not form");
  }

  protected step(event: CorosyncEvent): readonly CorosyncEffect[] {
    return this.core.step(this.now, event);
  }

  protected timerEvent(name: string): CorosyncEvent {
    return { kind: "timer", name };
  }

  /** A token to ourselves comes back, but not faster than a wire would bring it. */
  protected other(effect: CorosyncEffect): void {
    if (effect.kind !== "send" || effect.to !== 1) return;
    this.now += 0.2;
    this.post({ kind: "datagram", data: effect.data });
  }
}

const NUMBERS = [0, 1, 2, 3, 7, 16, 255, 256, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const SIZES = [16, 17, 20, 24, 28, 32, 40, 150, 152, 160, 168, 272, 280, 288, 296, 304, 336, 400];
const WORDS = ["totem.", "nodelist.node.0.nodeid", "x.y", "cib", "a".repeat(255), "\u0000", "%s"];

/** A request of a known size with plausible and extreme fields in 8-byte slots. */
function ringRequest(prng: Prng): Uint8Array {
  const { bytes, view } = newRequest(prng.below(20), prng.pick(SIZES));
  for (let at = 16; at + 8 <= bytes.length; at += 8) {
    if (prng.chance(0.5)) view.setUint32(at, prng.pick(NUMBERS), true);
  }
  if (prng.chance(0.7)) {
    const word = new TextEncoder().encode(prng.pick(WORDS));
    const room = bytes.subarray(Math.min(24, bytes.length));
    room.set(word.subarray(0, room.length));
    if (bytes.length >= 20) view.setUint32(16, prng.chance(0.8) ? word.length : prng.u32(), true);
  }
  if (prng.chance(0.2)) {
    for (let i = 0; i < 4; i++) {
      const at = 16 + prng.below(Math.max(1, bytes.length - 16));
      if (at < bytes.length) bytes[at] = prng.below(256);
    }
  }
  return bytes;
}

/** `count` requests by a few clients of every service of the ring's process, who come and go. */
export function fuzzRingRequests(seed: number, count: number): RequestFuzz {
  const prng = new Prng(seed);
  const driver = new RingDriver();
  const clients: number[] = [];
  let next = 1;
  for (let i = 0; i < count; i++) {
    if (clients.length < 10 || prng.chance(0.01)) {
      const service = prng.pick(RING_SERVICES);
      driver.post({ kind: "client-connected", service, client: next, uid: 0, gid: 0, pid: next });
      clients.push(next++);
    }
    const at = prng.below(clients.length);
    const client = clients[at]!;
    if (driver.dropped.has(client) || prng.chance(0.01)) {
      driver.post({ kind: "client-gone", client });
      clients.splice(at, 1);
    } else {
      driver.expectResponse(client);
      driver.post({ kind: "client-request", client, message: ringRequest(prng) });
    }
    if (prng.chance(0.2)) driver.run(1);
  }
  driver.run(1000);
  const { responses, events } = driver;
  return { requests: count, changes: 0, responses, events };
}

const MEMBER = { nodeId: 1, processId: 100 };

class ManagerDriver extends Driver<PacemakerdEvent, PacemakerdEffect> {
  readonly core = new Pacemakerd({
    nodeId: 1,
    nodeName: "n1",
    processId: MEMBER.processId,
    seed: "fuzz",
    form: "nodelist",
    cibFolder: "/var/lib/pacemaker/cib",
    stored: {
      cib: undefined,
      quorateSeq: 0,
      quoratePosition: 0,
      withoutQuorum: "",
      promised: 0,
      backupSequence: 0,
    },
    cores: 2,
    utcOffsetSeconds: 0,
    userOf: (uid) => (uid === 0 ? "root" : "mary"),
  });

  constructor() {
    super();
    this.post({ kind: "start", epochMs: 1_800_000_000_000 });
    this.post({
      kind: "cpg-configuration",
      members: [MEMBER],
      ringId: "1.4",
      ringSeq: 4,
      ringMembers: [1],
    });
    this.post({ kind: "quorum", quorate: true, ringSeq: 4, nodes: [1] });
    this.run(30_000);
  }

  protected step(event: PacemakerdEvent): readonly PacemakerdEffect[] {
    return this.core.step(this.now, event);
  }

  protected timerEvent(name: string): PacemakerdEvent {
    return { kind: "timer", name };
  }

  protected other(effect: PacemakerdEffect): void {
    if (effect.kind === "multicast") {
      this.post({ kind: "cpg-deliver", from: MEMBER, body: effect.body });
    } else if (effect.kind === "compute") {
      const result = schedule(effect.cib, effect.now, effect.options);
      this.post({ kind: "computed", id: effect.id, result });
    } else if (effect.kind === "run") {
      const job = { exit: effect.action === "monitor" ? 7 : 0, timedOut: false };
      this.post({
        kind: "job-done",
        job: effect.job,
        ...job,
        stdout: "",
        stderr: "",
        execMs: 1,
      });
    } else if (effect.kind === "exit") throw new Error("a client ended the manager");
  }
}

const VALUES: Readonly<Record<string, readonly string[]>> = {
  t: ["cib", "crmd", "attrd", "stonith-ng", "", "cib_notify"],
  cib_op:
    `register cib_query cib_create cib_modify cib_replace cib_delete cib_erase cib_bump cib_upgrade cib_apply_diff
    cib_notify cib_sync cib_master cib_slave noop ping`.split(/\s+/),
  cib_section: ["nodes", "status", "crm_config", "//nvpair", "//*[", "/cib", "resources", ""],
  cib_callopt: ["0", "4096", "4352", "4354", "-1", "x", "99999999999"],
  cib_callid: ["1", "2", "x", "-5"],
  cib_user: ["root", "hacluster", "mary"],
  cib_notify_type: ["cib_diff_notify", "x"],
  cib_notify_activate: ["0", "1"],
  crm_task:
    `hello ping list-nodes node-info probe_again lrm_delete lrm_fail lrm_refresh rm_node_cache noop vote quit
    lrm_invoke join_offer`.split(/\s+/),
  crm_sys_to: ["dc", "crmd", "pacemakerd", "lrmd", "te", ""],
  crm_sys_from: ["1_fuzz", ""],
  crm_host_to: ["n1", "n2", ""],
  task: `update update-both update-delay query refresh peer-remove clear-failure sync-response`.split(
    /\s+/,
  ),
  attr_name: ["a", "b", "#kind", "", "fail-count-x"],
  attr_regex: ["a.*", "(", "["],
  attr_value: ["1", "value++", "a+=5", "<", '"'],
  attr_host: ["n1", "n2", ""],
  attr_dampening: ["5s", "x", "-1"],
  st_op:
    `register st_query st_fence st_execute st_fence_history st_device_register st_device_remove st_level_add st_notify
    st_relay`.split(/\s+/),
  st_callopt: ["4096", "4098", "x"],
  st_target: ["n1", "n9"],
  st_device_action: ["off", "reboot", "on", "monitor"],
  id: ["a", "n1", "1", "", "é"],
  uname: ["n1", "n2"],
  name: ["a", "stonith-enabled", "no-quorum-policy"],
  value: ["false", "ignore", "x".repeat(2000), "&"],
  class: ["ocf", "stonith", "systemd"],
  type: ["Dummy", "fence_x"],
  provider: ["pacemaker"],
  operation: ["create", "modify", "delete", "move", "x"],
  path: ["/cib", "/cib/configuration", "/cib/status/node_state[@id='1']", "//", "x"],
  position: ["0", "99", "-1", "x"],
  format: ["2", "1"],
  epoch: ["0", "1", "epoch++", "999999999999"],
};
const ATTRIBUTES = Object.keys(VALUES);
const NAMES =
  `cib_command cib_calldata cib configuration nodes node resources primitive group clone meta_attributes nvpair
  crm_config cluster_property_set status node_state diff version source target change change-list change-attr change-result
  crm_xml options rsc_op x st_calldata st_device_id fencing-level constraints rsc_location acls op operations`.split(
    /\s+/,
  );

function someElement(prng: Prng, depth: number): XmlElement {
  const attrs = new Map<string, string>();
  for (let i = prng.below(6); i > 0; i--) {
    const name = prng.pick(ATTRIBUTES);
    attrs.set(name, prng.pick(VALUES[name]!));
  }
  const children = depth === 0 ? 0 : prng.below(4);
  const below = Array.from({ length: children }, () => someElement(prng, depth - 1));
  return element(prng.pick(NAMES), attrs, below);
}

/** A request near enough to a real one to get past the first check. */
function managerRequest(prng: Prng): Uint8Array {
  const flags = prng.pick([0, 0x200, 0x200, 0x300, 0xffffffff]);
  const id = prng.pick([1, 2, 77, 0x7fffffff]);
  const head = new Map<string, string>();
  // Mostly one family of attributes, so that requests get past the first look.
  const family = prng.pick(["cib_", "crm_", "attr_", "st_", ""]);
  for (const name of ATTRIBUTES) {
    const own = family !== "" && (name.startsWith(family) || name === "task" || name === "t");
    if (prng.chance(own ? 0.8 : 0.1)) head.set(name, prng.pick(VALUES[name]!));
  }
  const data = element(prng.pick(["cib_calldata", "crm_xml", "st_calldata"]), {}, [
    someElement(prng, 4),
  ]);
  const text = writeXml(element("x", head, [data]), { indent: false });
  const cut = prng.chance(0.05) ? text.slice(0, prng.below(text.length)) : text;
  const bytes = encodePacemakerFrame({ id, flags, text: cut });
  if (prng.chance(0.05)) bytes[16 + prng.below(bytes.length - 16)] = prng.below(256);
  return bytes;
}

/** `count` requests by a few clients of every service of the manager, some of them without rights. */
export function fuzzManagerRequests(seed: number, count: number): RequestFuzz {
  const prng = new Prng(seed);
  const driver = new ManagerDriver();
  const clients: number[] = [];
  let next = 1;
  for (let i = 0; i < count; i++) {
    if (clients.length < 10 || prng.chance(0.01)) {
      const service = prng.pick(MANAGER_SERVICES);
      const uid = prng.pick([0, 0, 1000]);
      driver.post({ kind: "client-connected", service, client: next, uid, gid: uid, pid: next });
      clients.push(next++);
    }
    const at = prng.below(clients.length);
    const client = clients[at]!;
    if (driver.dropped.has(client) || prng.chance(0.01)) {
      driver.post({ kind: "client-gone", client });
      clients.splice(at, 1);
    } else {
      driver.expectResponse(client);
      driver.post({ kind: "client-request", client, message: managerRequest(prng) });
    }
    if (prng.chance(0.2)) driver.run(10);
  }
  driver.run(60_000);
  const { responses, events } = driver;
  const { epoch, numUpdates } = driver.core.view.doc.version;
  return { requests: count, changes: epoch + numUpdates, responses, events };
}
