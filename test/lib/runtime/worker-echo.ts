/** A Worker for worker.test.ts: doubles numbers, fails at negative ones. */
import { serveTasks } from "../../../lib/runtime/worker.ts";

serveTasks<number, number>((task) => {
  if (task < 0) throw new Error("negative");
  return task * 2;
});
