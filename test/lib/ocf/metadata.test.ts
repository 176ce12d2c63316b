/** Meta-data of agents: what is read, and what is refused. */
import { expect, test } from "bun:test";
import { readMetadata } from "../../../lib/ocf/metadata.ts";

const TEXT = `<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="IPaddr">
  <version>1.0</version>
  <longdesc lang="en">
    More words.
  </longdesc>
  <shortdesc lang="en">An address</shortdesc>
  <parameters>
    <parameter name="ip" unique="1" required="1">
      <longdesc lang="en">The address.</longdesc>
      <shortdesc lang="en">address</shortdesc>
      <content type="string" default="1.2.3.4"/>
    </parameter>
    <parameter name="nic"><content/></parameter>
  </parameters>
  <actions>
    <action name="monitor" timeout="20s" interval="10s" depth="0" role="Promoted"/>
  </actions>
</resource-agent>`;

test("names, descriptions, parameters and actions are read", () => {
  const info = readMetadata(TEXT, "x");
  expect(info.name).toBe("IPaddr");
  expect(info.shortDescription).toBe("An address");
  expect(info.longDescription).toBe("More words.");
  expect(
    info.parameters.map((p) => [p.name, p.required, p.unique, p.type, p.defaultValue]),
  ).toEqual([
    ["ip", true, true, "string", "1.2.3.4"],
    ["nic", false, false, "string", undefined],
  ]);
  expect(info.actions[0]?.attrs.get("role")).toBe("Promoted");
});

test("what is no XML is refused; entity declarations are never expanded", () => {
  expect(() => readMetadata("usage: x", "x")).toThrow("meta-data of x");
  const bomb = `<!DOCTYPE a [<!ENTITY b "c">]><resource-agent name="&b;"/>`;
  expect(() => readMetadata(bomb, "x")).toThrow();
});
