/** Seeded IPC requests in the suite; `npm run fuzz` may go on with other seeds. */
import { expect, test } from "bun:test";
import { fuzzManagerRequests, fuzzRingRequests } from "./requests.ts";

test("5,000 hostile requests at the ring's services", () => {
  const result = fuzzRingRequests(1, 5000);
  expect(result.responses).toBeGreaterThan(2000);
  expect(result.events).toBeGreaterThan(10);
}, 60_000);

test("3,000 hostile requests at the manager's services", () => {
  const result = fuzzManagerRequests(1, 3000);
  expect(result.responses).toBeGreaterThan(500);
  expect(result.changes).toBeGreaterThan(20);
}, 60_000);
