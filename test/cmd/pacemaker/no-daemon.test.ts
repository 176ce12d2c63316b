/** The manager's tools where no manager runs, and for a user whom it refuses: words on stderr, exit codes 102 and 4. */
import { describe, expect, test } from "bun:test";
import { applets } from "../../../cmd/applets.ts";
import { MemoryHost } from "../../lib/support/memory-session.ts";

const LINES = [
  "crm_mon -1",
  "crm_resource -L",
  "cibadmin -Q",
  "cibadmin -D -o resources -X <primitive/>",
  "crm_attribute -n x -G",
  "crm_standby -N node1 -G",
  "crm_failcount -N node1 -r x -G",
  "crm_verify -L",
  "crm_simulate -L",
  "crm_simulate -L -X",
  "crm_ticket -L",
  "crm_node -l",
  "crmadmin -D",
  "attrd_updater -n a -Q",
  "crm_shadow --create x",
];

const WORDS = { refused: /connect|connection|not connected/i, denied: /denied|connection/i };
const EXITS = { refused: 102, denied: 4 };

describe.each(["refused", "denied"] as const)("%s", (refusal) => {
  test.each(LINES)("%s", async (line) => {
    const host = new MemoryHost();
    host.refusal = refusal;
    const [name = "", ...words] = line.split(" ");
    const said = await host.run((await applets[name]!.load()).default, ...words);
    expect(said.exit).toBe(EXITS[refusal]);
    expect(said.err).toMatch(WORDS[refusal]);
    expect(said.out).toBe("");
  });
});

test("XML answers say it inside", async () => {
  const host = new MemoryHost();
  const tool = (await applets["crm_mon"]!.load()).default;
  const said = await host.run(tool, "-1", "--output-as=xml");
  expect(said.exit).toBe(102);
  expect(said.out).toContain('<status code="102" message="Not connected">');
  expect(said.out).toContain("<error>crm_mon: Connection to cluster failed");
});
