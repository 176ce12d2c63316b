/** ocf:heartbeat:IPaddr2: like IPaddr, with the parameters that Linux's `ip` offers. */
import { defineAgent } from "../../agent.ts";
import { ADDRESS_PARAMETERS } from "./IPaddr.ts";
import { addressActions } from "./virtual-address.ts";

export default defineAgent({
  provider: "heartbeat",
  name: "IPaddr2",
  version: "1.0",
  short: "A virtual IPv4 or IPv6 address (Linux)",
  long:
    "Adds an address to an interface of this node when it starts and removes it when it stops. The neighbours are told by " +
    "gratuitous ARP (or a neighbour advertisement) that the address has moved here.",
  parameters: [
    ...ADDRESS_PARAMETERS,
    {
      name: "arp_interval",
      type: "integer",
      default: "200",
      short: "Time between announcements, ms",
      long: "Milliseconds between two announcements.",
    },
    {
      name: "arp_count",
      type: "integer",
      default: "5",
      short: "Number of announcements",
      long: "How many announcements are sent. The first goes at once, the others in the background.",
    },
    {
      name: "preferred_lft",
      type: "string",
      default: "forever",
      short: "Preferred lifetime",
      long: "The preferred lifetime of an IPv6 address, in seconds or forever. 0 keeps it from being used as a source.",
    },
    {
      name: "noprefixroute",
      type: "boolean",
      default: "false",
      short: "No route for the network",
      long: "When true, no route for the address's network is made by adding the address.",
    },
  ],
  actions: addressActions({
    announce: (call) => ({
      count: call.number("arp_count"),
      intervalMs: call.number("arp_interval"),
    }),
    addWords: (call) => [
      ...(call.given("preferred_lft") ? ["preferred_lft", call.parameter("preferred_lft")] : []),
      ...(call.flag("noprefixroute") ? ["noprefixroute"] : []),
    ],
  }),
});
