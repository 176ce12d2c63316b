import { expect, test } from "bun:test";
import { openWorker } from "../../../lib/runtime/worker.ts";

const ECHO = "test/lib/runtime/worker-echo.ts";

test("tasks are answered each by its own result, errors by errors", async () => {
  const worker = openWorker<number, number>(ECHO);
  expect(await Promise.all([1, 2, 3].map((n) => worker.run(n)))).toEqual([2, 4, 6]);
  expect(await worker.run(-1).catch((error: Error) => error.message)).toBe("negative");
  expect(await worker.run(5)).toBe(10);
  worker.close();
});

test("a worker that cannot start rejects what waits; the next task tries again", async () => {
  const worker = openWorker<number, number>("test/lib/runtime/no-such-worker.ts");
  const failed = async () => {
    try {
      await worker.run(1);
      return "answered";
    } catch {
      return "rejected";
    }
  };
  expect(await failed()).toBe("rejected");
  expect(await failed()).toBe("rejected");
  worker.close();
});

test("closing rejects what waits", async () => {
  const worker = openWorker<number, number>(ECHO);
  const waiting = worker.run(1).catch(() => "rejected");
  worker.close();
  expect(await waiting).toBe("rejected");
});
