/** What the datagram fuzzer fires at: the bare ring, the whole daemon, both as they are and behind knet. */
import { limits } from "../../lib/base/limits.ts";
import { readConfig } from "../../lib/conf/config.ts";
import type { CorosyncEffect, CorosyncEvent } from "../../lib/corosync/api.ts";
import { Corosync } from "../../lib/corosync/corosync.ts";
import type { RingId, TotemEffect, TotemEvent } from "../../lib/totem/api.ts";
import { TotemRing } from "../../lib/totem/ring.ts";
import type { RingState } from "../../lib/totem/ring-state.ts";
import { totemTimers } from "../../lib/totem/timers.ts";
import { KnetTransport } from "../../lib/totem/transport/knet.ts";

export const own = 7;

/** Nodes that the fuzzer's messages come from. */
export const peers = [1, 7, 8, 9, 4294967295];

/** A core under fire, with the ring inside it. */
export interface Target {
  readonly ring: RingState;
  step(now: number, event: TotemEvent): readonly (TotemEffect | CorosyncEffect)[];
  /** An application message of so many bytes is to be sent; undefined when this target sends none. */
  sending(bytes: number): TotemEvent | undefined;
  /** The end of sync, where nobody else says it. */
  synchronised(ringId: RingId): TotemEvent | undefined;
}

function insideOf(ring: TotemRing): RingState {
  return (ring as unknown as { readonly ring: RingState }).ring;
}

export function bareRing(): Target {
  const ring = new TotemRing({
    nodeId: own,
    timers: totemTimers({ legacy: true }),
    ringIdPath: "ringid_7",
    storedRingSeq: 0,
    logForm: "legacy",
  });
  return {
    ring: insideOf(ring),
    step: (now, event) => ring.step(now, event),
    sending: (bytes) => ({ kind: "multicast", group: "a", body: new Uint8Array(bytes) }),
    synchronised: (ringId) => ({ kind: "sync-complete", ringId }),
  };
}

const configuration = `totem {
  version: 2
  interface {
    ringnumber: 0
    bindnetaddr: 10.0.0.0
    mcastaddr: 226.94.1.1
  }
}
logging {
  to_syslog: no
  to_logfile: no
}
`;

/** The whole daemon: what the ring delivers goes on to the services. */
export function daemon(): Target {
  const { config } = readConfig(configuration, "fuzz.conf");
  if (config === undefined) throw new Error("the fuzzer's configuration is refused");
  const core = new Corosync({
    config,
    nodeId: own,
    address: "10.0.0.7",
    hostName: "own",
    version: "fuzz",
    storedRingSeq: 0,
    storedExpectedVotes: undefined,
    addressOf: () => undefined,
  });
  const { ring } = core as unknown as { readonly ring: TotemRing };
  return {
    ring: insideOf(ring),
    step: (now, event) => core.step(now, event as CorosyncEvent),
    sending: () => undefined,
    synchronised: () => undefined,
  };
}

const knetPort = 5405;
const knetAddress = (nodeId: number) => ({ address: `10.0.0.${nodeId % 256}`, port: knetPort });

/** knet at our end, for packets that come from the address of one of its peers. */
export class KnetGate {
  private readonly transport = new KnetTransport({
    nodeId: own,
    mode: "passive",
    room: (bytes) => bytes,
    links: [
      {
        link: 0,
        priority: 0,
        local: knetAddress(own),
        // Captured packets name the nodes 6, 7 and 8.
        peers: new Map([6, ...peers].map((nodeId) => [nodeId, knetAddress(nodeId)])),
        timers: { pingIntervalMs: 250, pingTimeoutMs: 500, pongCount: 2 },
      },
    ],
  });

  tick(now: number): void {
    this.transport.step(now, { kind: "timer", name: "knet" });
  }

  /** Ring datagrams that come out of a packet; the packet names its sender itself. */
  receive(now: number, data: Uint8Array): readonly Uint8Array[] {
    const named = data.length < 4 ? 0 : ((data[2] ?? 0) << 8) | (data[3] ?? 0);
    const effects = this.transport.step(now, {
      kind: "packet",
      link: 0,
      from: knetAddress(named),
      data,
    });
    return effects.flatMap((effect) => (effect.kind === "datagram" ? [effect.data] : []));
  }
}

/** Everything that is kept by a name from the network has a bound. Throws when one is passed. */
export function checkBounds(ring: RingState): void {
  const sizes = {
    proc: ring.proc.length,
    failed: ring.failed.length,
    agreed: ring.agreed.size,
    goodbyes: ring.goodbyes.size,
    assemblies: ring.assemblies.size,
  };
  for (const [what, size] of Object.entries(sizes)) {
    if (size > limits.ringMembers) throw new Error(`${size} entries in ${what}`);
  }
}
