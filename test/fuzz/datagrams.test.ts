/** 100,000 seeded datagrams in the suite; `npm run fuzz` goes on with other seeds. */
import { expect, test } from "bun:test";
import { fuzzDatagrams } from "./datagrams.ts";

test("100,000 random, cut and altered datagrams neither throw nor pile up", () => {
  const before = process.memoryUsage().rss;
  const result = fuzzDatagrams(1, 100_000);
  expect(result.decoded).toBeGreaterThan(20_000);
  expect(result.formed).toBeGreaterThan(100);
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
}, 60_000);
