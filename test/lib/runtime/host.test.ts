import { expect, test } from "bun:test";
import type { CommonEffect, Core, TimerEvent } from "../../../lib/base/core.ts";
import { runCore } from "../../../lib/runtime/host.ts";

type Event = TimerEvent | { readonly kind: "go"; readonly effects: readonly Effect[] };
type Effect = CommonEffect | { readonly kind: "slow" | "fast" | "boom"; readonly name: string };

/** Answers `go` with the effects it carries and a timer with a `fast` effect of its name. */
const core: Core<Event, Effect> = {
  step: (_now, event) =>
    event.kind === "timer" ? [{ kind: "fast", name: `timer ${event.name}` }] : event.effects,
};

function newHost() {
  const done: string[] = [];
  const errors: unknown[] = [];
  const host = runCore<Event, Effect>(
    core,
    {
      log: (effect) => void done.push(`log ${effect.text}`),
      persist: async (effect) => {
        await Bun.sleep(5);
        done.push(`persist ${effect.path}`);
      },
      slow: async (effect) => {
        await Bun.sleep(5);
        done.push(effect.name);
      },
      fast: (effect) => void done.push(effect.name),
      boom: () => {
        throw new Error("boom");
      },
    },
    { onError: (error) => void errors.push(error) },
  );
  const go = (...effects: Effect[]) => host.post({ kind: "go", effects });
  return { host, done, errors, go };
}

test("effects are carried out in order, a persist before what follows, one event after the other", async () => {
  const { host, done, go } = newHost();
  go(
    { kind: "persist", path: "/a", data: undefined },
    { kind: "fast", name: "send" },
    { kind: "slow", name: "second wait" },
    { kind: "fast", name: "last of the first" },
  );
  go({ kind: "fast", name: "next event" });
  go({ kind: "exit", code: 3 }, { kind: "fast", name: "never" });
  expect(done).toEqual([]);
  expect(await host.done).toBe(3);
  expect(done).toEqual(["persist /a", "send", "second wait", "last of the first", "next event"]);
});

test("a timer set again replaces the old one; a cancelled one never arrives", async () => {
  const { host, done, go } = newHost();
  go({ kind: "set-timer", name: "a", delayMs: 1 }, { kind: "set-timer", name: "b", delayMs: 1 });
  go({ kind: "set-timer", name: "a", delayMs: 15 });
  // Both timers run out while an effect is waited for; the event that follows cancels b.
  go({ kind: "slow", name: "wait" });
  go({ kind: "cancel-timer", name: "b" });
  await Bun.sleep(40);
  expect(done).toEqual(["wait", "timer a"]);
  host.stop();
});

test("a timer set anew many times runs out once, when the last one says; an earlier time counts too", async () => {
  const { done, go, host } = newHost();
  for (let i = 0; i < 50; i++) go({ kind: "set-timer", name: "late", delayMs: 100 + i });
  go({ kind: "set-timer", name: "early", delayMs: 5000 });
  go({ kind: "cancel-timer", name: "early" }, { kind: "cancel-timer", name: "late" });
  go({ kind: "set-timer", name: "late", delayMs: 400 });
  go({ kind: "set-timer", name: "early", delayMs: 1 });
  const set = performance.now();
  while (done.length < 1) await Bun.sleep(1);
  expect(done).toEqual(["timer early"]);
  while (done.length < 2) await Bun.sleep(1);
  expect(performance.now() - set).toBeGreaterThan(380);
  expect(done).toEqual(["timer early", "timer late"]);
  host.stop();
});

test("a timer of a month does not run out at once", async () => {
  const { done, go, host } = newHost();
  go({ kind: "set-timer", name: "month", delayMs: 31 * 24 * 3600 * 1000 });
  await Bun.sleep(20);
  expect(done).toEqual([]);
  host.stop();
});

test("a timer that ran out but was not stepped yet is stale once it is cancelled", async () => {
  const { done, go, host } = newHost();
  go({ kind: "set-timer", name: "t", delayMs: 0 });
  go({ kind: "slow", name: "wait" }, { kind: "cancel-timer", name: "t" });
  await Bun.sleep(30);
  expect(done).toEqual(["wait"]);
  host.stop();
});

test("an error of a carrier ends the host with 70 and nothing runs afterwards", async () => {
  const { host, done, errors, go } = newHost();
  go({ kind: "slow", name: "first" }, { kind: "boom", name: "" }, { kind: "fast", name: "never" });
  go({ kind: "fast", name: "never either" });
  expect(await host.done).toBe(70);
  expect(errors.length).toBe(1);
  expect(done).toEqual(["first"]);
});

test("an event posted from a carrier waits for its turn", async () => {
  const order: string[] = [];
  const host = runCore<Event, Effect>(core, {
    log: () => {},
    slow: () => {},
    boom: () => {},
    fast: (effect) => {
      if (effect.name === "first") {
        host.post({ kind: "go", effects: [{ kind: "fast", name: "posted" }] });
      }
      order.push(effect.name);
    },
  });
  host.post({
    kind: "go",
    effects: [
      { kind: "fast", name: "first" },
      { kind: "fast", name: "second" },
    ],
  });
  expect(order).toEqual(["first", "second", "posted"]);
  host.stop();
});
