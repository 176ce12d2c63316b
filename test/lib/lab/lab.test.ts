/** The lab's plans as data: hosts, configuration, scripts that a shell can read, partitions. */
import { describe, expect, test } from "bun:test";
import { downSteps, startHostSteps, upSteps } from "../../../lib/lab/boot.ts";
import { labConfiguration, seedConfiguration, webFiles } from "../../../lib/lab/configuration.ts";
import { cableSteps, healSteps, parseGroups, partitionSteps } from "../../../lib/lab/faults.ts";
import { hostNamed, type LabSpec, labHosts } from "../../../lib/lab/spec.ts";
import { type LabStep, word, writeFile } from "../../../lib/lab/steps.ts";

const spec: LabSpec = {
  name: "lab",
  hosts: labHosts(3),
  stack: "quorate",
  form: "legacy",
  transport: "udp",
  secauth: false,
  bare: false,
  binaryFolder: "/srv/a b/dist",
  tools: ["crm", "crm_mon"],
  binds: ["/work"],
  home: "/run/quorate-lab/lab",
  unprivileged: false,
};

const scripts = (steps: readonly LabStep[]) =>
  steps.flatMap((s) => (s.kind === "kill" ? [] : [[s.title, s.script] as const]));

describe("hosts", () => {
  test("are the seed's", () => {
    expect(labHosts(3).map((h) => `${h.name} ${h.address}`)).toEqual([
      "server6 172.25.12.6",
      "server7 172.25.12.7",
      "server8 172.25.12.8",
    ]);
    expect(labHosts(1)[0]?.mac).toBe("52:54:00:0b:8f:1f");
  });

  test.each([0, 17, 1.5, Number.NaN])("%p of them are refused", (count) => {
    expect(() => labHosts(count)).toThrow("1 to 16");
  });

  test("an unknown name is answered with the names there are", () => {
    expect(() => hostNamed(spec, "server9")).toThrow("server6, server7, server8");
  });
});

describe("steps", () => {
  const every = [
    ...upSteps(spec, "a2V5"),
    ...upSteps({ ...spec, stack: "original", form: "nodelist", unprivileged: true }, "a2V5"),
    ...downSteps(spec),
    ...healSteps(spec),
    ...startHostSteps(spec, spec.hosts[0]!),
    ...cableSteps(spec.hosts[0]!, "down"),
  ];

  test.each(scripts(every))("%s: a shell can read it", (_, script) => {
    const done = Bun.spawnSync(["sh", "-n", "-c", script]);
    expect(done.stderr.toString()).toBe("");
    expect(done.exitCode).toBe(0);
  });

  test.each(webFiles("server6").filter(([path]) => path.includes("init.d")))(
    "%s is a good script",
    (_, __, text) => {
      expect(Bun.spawnSync(["sh", "-n", "-c", text]).exitCode).toBe(0);
    },
  );

  test("a file comes out as it went in", () => {
    const text = 'it\'s $HOME `x` \\ "q" %s\n\n  end\n';
    const path = `/tmp/quorate-lab-test-${process.pid}`;
    const done = Bun.spawnSync([
      "sh",
      "-euc",
      `${writeFile(path, text, 0o640)}; cat ${path}; rm ${path}`,
    ]);
    expect(done.stdout.toString()).toBe(text);
  });

  test("a word is one word", () => {
    const words = ["plain", "a b", "it's", "$x", ""];
    const done = Bun.spawnSync(["sh", "-c", `printf '%s|' ${words.map(word).join(" ")}`]);
    expect(done.stdout.toString()).toBe("plain|a b|it's|$x||");
  });
});

describe("configurations", () => {
  test("the legacy form is the seed's page, to the letter", () => {
    expect(labConfiguration(spec)).toBe(seedConfiguration);
    expect(seedConfiguration).toContain("aisxec{");
  });

  test("the nodelist form names every host and the transport", () => {
    const text = labConfiguration({ ...spec, form: "nodelist", transport: "knet", secauth: true });
    for (const host of spec.hosts) expect(text).toContain(`ring0_addr: ${host.address}`);
    expect(text).toContain("transport: knet");
    expect(text).toContain("crypto_cipher: aes256");
    expect(text).toContain("name: pacemaker");
  });

  test("the originals' form starts no manager", () => {
    const text = labConfiguration({ ...spec, form: "nodelist", stack: "original" });
    expect(text).not.toContain("service {");
  });
});

describe("partitions", () => {
  const names = (text: string) => parseGroups(spec, text).map((g) => g.map((h) => h.name).join());

  test("are written A,B/C; who is not named is a group too", () => {
    expect(names("server6,server7/server8")).toEqual(["server6,server7", "server8"]);
    expect(names("server7")).toEqual(["server7", "server6,server8"]);
    expect(names("server6/server7/server8")).toEqual(["server6", "server7", "server8"]);
  });

  test.each([
    ["server6,server7,server8", "leaves all hosts together"],
    ["server6/server6", "in two groups"],
    ["server6/nobody", 'no host "nobody"'],
    ["", "leaves all hosts together"],
  ])("%p is refused", (text, why) => {
    expect(() => parseGroups(spec, text)).toThrow(why);
  });

  test("each group gets a bridge", () => {
    const [step] = scripts(partitionSteps(parseGroups(spec, "server6,server7/server8")));
    expect(step?.[1]).toContain("ip link set server8 master lab1");
    expect(step?.[1]).toContain("ip link set server6 master lab0");
  });
});
