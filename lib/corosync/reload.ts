/**
 * What a new corosync.conf changes in a running daemon (corosync-cfgtool -R): timers, logging, nodes, links and their
 * priorities, knet's encryption, and everything about quorum. What cannot change keeps its old value and is named in the
 * log; an address that a link of a node has cannot change either, and then the whole file is refused, as with the originals.
 */
import type { LogEffect } from "../base/core.ts";
import type { CorosyncConfig, NodeConfig } from "../conf/config.ts";

export interface ReloadPlan {
  /** What is in effect from now on; undefined: nothing changes. */
  readonly config: CorosyncConfig | undefined;
  readonly lines: readonly LogEffect[];
}

const line = (level: LogEffect["level"], subsystem: string, text: string): LogEffect => ({
  kind: "log",
  level,
  subsystem,
  text,
});

/** Entries of the totem section that need a restart, with what is compared. */
const FIXED: Readonly<Record<string, (config: CorosyncConfig) => unknown>> = {
  "totem.transport": ({ totem }) => totem.transport,
  "totem.cluster_name": ({ totem }) => totem.clusterName,
  "totem.ip_version": ({ totem }) => totem.ipVersion,
  "totem.nodeid": ({ totem }) => totem.nodeId,
  "totem.netmtu": ({ totem }) => totem.numbers["netmtu"],
  "totem.link_mode": ({ totem }) => totem.knet.mode,
  "totem.interface.bindnetaddr": ({ totem }) => totem.interface.bindNetAddress,
  "totem.interface.mcastaddr": ({ totem }) => totem.interface.multicastAddress,
  "totem.interface.broadcast": ({ totem }) => totem.interface.broadcast,
  "totem.interface.ttl": ({ totem }) => totem.interface.ttl,
  "system.state_dir": ({ stateDirectory }) => stateDirectory,
  "system.qb_ipc_type": ({ ipcType }) => ipcType,
};

/** Addresses that moved, of nodes that are in both lists. */
function movedAddresses(
  before: readonly NodeConfig[],
  after: readonly NodeConfig[],
): readonly LogEffect[] {
  return before.flatMap((node) => {
    const next = after.find(({ nodeId }) => nodeId === node.nodeId);
    return node.links.flatMap((address, link) => {
      const other = next?.links[link];
      if (address === undefined || other === undefined || address === other) return [];
      const text = `new config has different address for link ${link} (addr changed from ${address} to ${other}). Internal value was NOT changed.`;
      return [line("error", "TOTEM", text)];
    });
  });
}

function memberLines(before: CorosyncConfig, after: CorosyncConfig): readonly LogEffect[] {
  if (after.totem.transport !== "udpu") return [];
  const missing = (from: CorosyncConfig, other: CorosyncConfig) =>
    from.nodes.filter(({ address }) => other.nodes.every((node) => node.address !== address));
  const say = (what: string) => (node: NodeConfig) =>
    line("notice", "TOTEM", `${what} UDPU member {${node.address}}`);
  return [
    ...missing(before, after).map(say("removing")),
    ...missing(after, before).map(say("adding new")),
  ];
}

/**
 * What of `next` comes into effect.
 * @param nodeId of this node: it cannot leave the nodelist, or change its id, while it runs.
 */
export function planReload(
  before: CorosyncConfig,
  next: CorosyncConfig,
  nodeId: number,
): ReloadPlan {
  if (next.form !== before.form) {
    const text =
      "configuration not reloaded: a nodelist or quorum section came or went; that needs a restart";
    return { config: undefined, lines: [line("error", "CFG", text)] };
  }
  const had = before.nodes.some((node) => node.nodeId === nodeId);
  if (had && next.nodes.every((node) => node.nodeId !== nodeId)) {
    const text = `configuration not reloaded: this node, ${nodeId}, is not in its nodelist any more`;
    return { config: undefined, lines: [line("error", "CFG", text)] };
  }
  const moved = movedAddresses(before.nodes, next.nodes);
  if (moved.length > 0) {
    const text =
      "Cannot configure new interface definitions: To reconfigure an interface it must be deleted and recreated. A working interface needs to be available to corosync at all times";
    return { config: undefined, lines: [...moved, line("error", "CFG", text)] };
  }
  const fixed = Object.entries(FIXED).flatMap(([key, value]) =>
    value(before) === value(next)
      ? []
      : [
          line(
            "notice",
            "CFG",
            `Modified entry '${key}' in corosync.conf cannot be changed at run-time`,
          ),
        ],
  );
  const { transport, clusterName, ipVersion, interface: net, knet } = before.totem;
  const { mode } = knet;
  // A change away from knet waits for a restart, and takes its encryption along.
  const { cipher, hash, keyFile } = next.totem.transport === transport ? next.totem.knet : knet;
  const numbers = { ...next.totem.numbers };
  delete numbers["netmtu"];
  const mtu = before.totem.numbers["netmtu"];
  const config: CorosyncConfig = {
    ...next,
    stateDirectory: before.stateDirectory,
    ipcType: before.ipcType,
    pacemaker: before.pacemaker,
    totem: {
      ...next.totem,
      transport,
      clusterName,
      ipVersion,
      nodeId: before.totem.nodeId,
      interface: net,
      knet: { ...next.totem.knet, mode, cipher, hash, keyFile },
      numbers: mtu === undefined ? numbers : { ...numbers, netmtu: mtu },
    },
  };
  return { config, lines: [...fixed, ...memberLines(before, config)] };
}
