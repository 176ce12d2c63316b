/** 100,000 seeded datagrams in the suite; `npm run fuzz` goes on with other seeds. */
import { expect, test } from "bun:test";
import { fuzzDatagrams } from "./datagrams.ts";

const targets = [
  { seed: 1, name: "daemon" },
  { seed: 2, name: "bare ring" },
];

for (const { seed, name } of targets) {
  test(`50,000 random, cut and altered datagrams at the ${name} neither throw nor pile up`, () => {
    const before = process.memoryUsage().rss;
    const result = fuzzDatagrams(seed, 50_000);
    expect(result.decoded).toBeGreaterThan(10_000);
    expect(result.formed).toBeGreaterThan(100);
    if (name === "bare ring") expect(result.delivered).toBeGreaterThan(500);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  }, 120_000);
}
