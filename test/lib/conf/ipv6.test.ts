import { describe, expect, test } from "bun:test";
import { readConfig } from "../../../lib/conf/config.ts";

const conf = (transport: string, one: string, two: string, more = "", ids = true) =>
  readConfig(
    `totem {
  version: 2
  transport: ${transport}
  ${more}
}
nodelist {
  node {
    ring0_addr: ${one}
    ${ids ? "nodeid: 1" : ""}
  }
  node {
    ring0_addr: ${two}
    ${ids ? "nodeid: 2" : ""}
  }
}
quorum {
  provider: corosync_votequorum
}
`,
    "corosync.conf",
  );
const problems = (...words: Parameters<typeof conf>) =>
  conf(...words).problems.map((problem) => `${problem.line}: ${problem.text}`);

describe("IPv6 in corosync.conf", () => {
  test("every transport takes it; udp must be told", () => {
    expect(problems("udpu", "fd77::1", "fd77::2")).toEqual([]);
    expect(problems("knet", "fd77::1", "fd77::2")).toEqual([]);
    expect(problems("udp", "fd77::1", "fd77::2", "ip_version: ipv6")).toEqual([]);
    expect(conf("udp", "10.0.0.1", "10.0.0.2").config?.totem.ipVersion).toBe("ipv4");
    expect(conf("knet", "fd77::1", "fd77::2").config?.totem.ipVersion).toBe("ipv6-4");
  });

  test("what cannot work is refused, with its line", () => {
    expect(problems("udp", "fd77::1", "fd77::2")[0]).toBe(
      "7: ring0_addr fd77::1 is no ipv4 address, which totem.ip_version asks for",
    );
    expect(problems("knet", "fd77::1", "10.0.0.2")).toEqual([
      "11: Nodes for link 0 have different IP families (compared fd77::1 with 10.0.0.2)",
    ]);
    expect(problems("udpu", "fe80::1", "fe80::2")[0]).toBe(
      "7: ring0_addr fe80::1 is a link-local address; use a global or unique local one (fd00::/8)",
    );
    expect(problems("udpu", "fd77::1", "fd77::2", "", false)[0]).toBe(
      "7: ring0_addr fd77::1: a node with an IPv6 address needs a nodeid",
    );
    expect(problems("udp", "10.0.0.1", "10.0.0.2", "ip_version: ipv6-4")[0]).toContain(
      "transport udp has one family",
    );
  });
});

test("system: scheduling class, priority and control group", () => {
  const read = (system: string) =>
    readConfig(
      `totem {\n  version: 2\n  interface {\n    bindnetaddr: 10.0.0.0\n  }\n}\nsystem {\n  ${system}\n}\n`,
      "corosync.conf",
    );
  expect(read("sched_rr: yes").config?.scheduling).toEqual({
    realtime: true,
    priority: undefined,
    rootGroup: "auto",
  });
  expect(
    read("sched_rr: no\n  priority: -5\n  move_to_root_cgroup: no").config?.scheduling,
  ).toEqual({
    realtime: false,
    priority: -5,
    rootGroup: "no",
  });
  expect(read("priority: high").problems[0]?.text ?? "").toContain("max, min or a whole number");
  expect(read("priority: high").config).toBeUndefined();
});
