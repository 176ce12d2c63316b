/** stonith_admin where no fencer runs, and the words for what a fencer has done. */
import { expect, test } from "bun:test";
import stonithAdmin, { historyLine } from "../../../cmd/pacemaker/stonith_admin.ts";
import { MemoryHost } from "../../lib/support/memory-session.ts";

const host = new MemoryHost();

test("a question to the fencer, where none runs", async () => {
  for (const words of [["-L"], ["-l", "node1"], ["-H", "*"], ["-F", "node1"], ["-C", "node1"]]) {
    const said = await host.run(stonithAdmin, ...words);
    expect(said.exit).toBe(102);
    expect(said.err).toStartWith("Could not connect to fencer: ");
  }
});

test("what is missing, or not there yet", async () => {
  expect(await host.run(stonithAdmin)).toMatchObject({ exit: 64 });
  expect(await host.run(stonithAdmin, "-M")).toMatchObject({
    exit: 64,
    err: "Please specify an agent to query using -a,--agent [value]\n",
  });
  expect(await host.run(stonithAdmin, "-M", "-a", "fence_nosuch")).toMatchObject({
    exit: 105,
    err: "Can't get fence agent meta-data: No such device\n",
  });
  const later = await host.run(stonithAdmin, "-R", "dev", "-a", "fence_x");
  expect(later.exit).toBe(3);
  expect(later.err).toContain("--register is not available yet");
});

test("operations in words", () => {
  const record = {
    target: "node2",
    action: "reboot",
    origin: "node1",
    delegate: "node3",
    client: "pacemaker-controld.7",
    state: 4,
    completed: 0,
    exitReason: "no answer",
  };
  expect(historyLine(record)).toStartWith(
    "reboot of node2 by node3 for pacemaker-controld.7@node1 failed (no answer) at ",
  );
  expect(historyLine({ ...record, state: 1, action: "off" })).toBe(
    "turning off of node2 for pacemaker-controld.7@node1 pending",
  );
});
