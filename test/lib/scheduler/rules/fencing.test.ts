/** Fencing and shutdown (spec/scheduler-1 section C.11). */
import { describe } from "bun:test";
import { check } from "../rule-check.ts";
import { prim, started } from "../support.ts";

describe("fencing and shutdown", () => {
  const device = prim("fence", { standard: "stonith", agent: "fence_x" });
  const lost = { in_ccm: "false", crmd: "offline", join: "down", expected: "member" };
  check([
    {
      name: "a lost member is fenced before its resources start elsewhere",
      cluster: {
        options: { "stonith-enabled": true },
        nodes: { n1: {}, n2: { state: lost, history: [started("a")] } },
        resources: [device, prim("a")],
      },
      plan: [
        "Fence (reboot) n2 'peer is no longer part of the cluster'",
        "Start fence ( n1 )",
        "Move a ( n2 -> n1 )",
      ],
    },
    {
      name: "an unseen node is fenced at startup",
      cluster: {
        options: { "stonith-enabled": true },
        nodes: { n1: {}, n2: { state: "unseen" } },
        resources: [device],
      },
      plan: ["Fence (reboot) n2 'node is unclean'", "Start fence ( n1 )"],
    },
    {
      name: "an unseen node is left without startup-fencing",
      cluster: {
        options: { "stonith-enabled": true, "startup-fencing": false },
        nodes: { n1: {}, n2: { state: "unseen" } },
        resources: [device],
      },
      plan: ["Start fence ( n1 )"],
    },
    {
      name: "a node that shuts down gives its resources away first",
      cluster: {
        nodes: { n1: {}, n2: { transient: { shutdown: "1" }, history: [started("a")] } },
        resources: [prim("a")],
      },
      plan: ["Move a ( n2 -> n1 )"],
    },
  ]);
});
