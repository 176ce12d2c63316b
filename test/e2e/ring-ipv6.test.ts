/**
 * Rings over IPv6: of two of ours over multicast, and of one of ours with Debian's corosync 3.1.7 over udpu and knet. Votes
 * are counted by both, and messages of up to 64 KiB arrive once, complete, in one order.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Hosts, type Kind, type Transport, whyNoRing } from "./ring-hosts.ts";

const skip = whyNoRing();
if (skip !== undefined) console.log(`e2e of rings over IPv6 skipped: ${skip}`);

setDefaultTimeout(60_000);

const bun = join(import.meta.dir, "../../node_modules/.bin/bun");
const peer = join(import.meta.dir, "ring-peer.ts");
const messages = 40;
const cases: readonly { readonly transport: Transport; readonly kinds: readonly Kind[] }[] = [
  { transport: "udp", kinds: ["ours", "ours"] },
  { transport: "udpu", kinds: ["ours", "original"] },
  { transport: "knet", kinds: ["original", "ours"] },
];

for (const { transport, kinds } of cases) {
  describe.skipIf(skip !== undefined)(`${kinds.join(" and ")} over ${transport} and IPv6`, () => {
    let hosts: Hosts;

    beforeAll(async () => {
      hosts = new Hosts(kinds.length, transport, { token: 1000, family: "ipv6" });
      for (const [index, kind] of kinds.entries()) hosts.start(index + 1, kind);
      await hosts.untilVotes(1, 2);
      await hosts.untilVotes(2, 2);
    });

    test("messages arrive once, complete, in one order", async () => {
      const words = [bun, peer, "2", String(messages), "65532"];
      const results = await Promise.all(
        [1, 2].map(async (host) => {
          const child = Bun.spawn([...hosts.command(host, ...words)], { stderr: "inherit" });
          return JSON.parse(await new Response(child.stdout).text());
        }),
      );
      expect(results[0]).toMatchObject({ received: 2 * messages, inOrder: true });
      expect(results[1]).toEqual(results[0]);
    });

    test("addresses are told by both daemons", () => {
      for (const host of [1, 2]) {
        expect(hosts.run(host, "corosync-cfgtool", "-a", "2").text).toBe("fd77::2\n");
      }
    });

    afterAll(async () => {
      await hosts?.close();
    });
  });
}
