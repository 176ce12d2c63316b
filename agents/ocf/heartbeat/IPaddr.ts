/** ocf:heartbeat:IPaddr, the seed's agent: a virtual IP address that moves with the resource. */
import { type AgentParameter, defineAgent } from "../../agent.ts";
import { addressActions } from "./virtual-address.ts";

/** Parameters that IPaddr and IPaddr2 have in common. */
export const ADDRESS_PARAMETERS: readonly AgentParameter[] = [
  {
    name: "ip",
    type: "string",
    required: true,
    unique: true,
    default: "",
    short: "The address",
    long: "The address to manage: IPv4 in dotted form (192.168.1.1) or IPv6 (2001:db8::1).",
  },
  {
    name: "nic",
    type: "string",
    default: "",
    short: "Network interface",
    long:
      "The interface that carries the address, for example eth0. When it is not given, the interface is taken that has an " +
      "address of its own in the same network. eth0:1 means eth0 with the label eth0:1.",
  },
  {
    name: "cidr_netmask",
    type: "string",
    default: "",
    short: "Netmask",
    long:
      "The netmask as a number of bits (24) or in dotted form (255.255.255.0). When it is not given, the mask of the " +
      "interface's own address in that network is taken.",
  },
  {
    name: "broadcast",
    type: "string",
    default: "",
    short: "Broadcast address",
    long: "The broadcast address. When it is not given, it follows from address and netmask.",
  },
  {
    name: "iflabel",
    type: "string",
    default: "",
    short: "Label of the address",
    long: "A label that is added to the interface name (eth0:LABEL) and shown with the address. It needs nic.",
  },
];

export default defineAgent({
  provider: "heartbeat",
  name: "IPaddr",
  version: "1.0",
  short: "A virtual IPv4 or IPv6 address",
  long:
    "Adds an address to an interface of this node when it starts and removes it when it stops. The neighbours are told by " +
    "gratuitous ARP (or a neighbour advertisement) that the address has moved here.",
  parameters: [
    ...ADDRESS_PARAMETERS,
    {
      name: "ARP_INTERVAL_MS",
      type: "integer",
      default: "500",
      short: "Time between announcements, ms",
      long: "Milliseconds between two gratuitous ARP packets.",
    },
    {
      name: "ARP_REPEAT",
      type: "integer",
      default: "5",
      short: "Number of announcements",
      long: "How many gratuitous ARP packets are sent. The first goes at once, the others in the background.",
    },
  ],
  actions: addressActions({
    announce: (call) => ({
      count: call.number("ARP_REPEAT"),
      intervalMs: call.number("ARP_INTERVAL_MS"),
    }),
    addWords: () => [],
  }),
});
