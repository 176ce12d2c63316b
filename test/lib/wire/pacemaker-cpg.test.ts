import { expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../lib/base/error.ts";
import {
  decodePacemakerCpg,
  encodePacemakerCpg,
  PacemakerDaemon,
} from "../../../lib/wire/pacemaker-cpg.ts";

const message = {
  number: 7,
  destination: {
    nodeId: 2,
    processId: 0,
    local: false,
    daemon: PacemakerDaemon.crmd,
    name: "node2",
  },
  sender: { nodeId: 0, processId: 4711, local: false, daemon: PacemakerDaemon.cib, name: "node1" },
  text: "<noop/>",
};

test("fields lie where the originals read them", () => {
  const bytes = encodePacemakerCpg(message);
  const view = new DataView(bytes.buffer);
  expect(bytes.length).toBe(592 + 8);
  expect([view.getInt32(8, true), view.getInt32(16, true)]).toEqual([600, 1]);
  expect([view.getUint32(32, true), view.getInt32(44, true), view.getUint32(48, true)]).toEqual([
    2,
    PacemakerDaemon.crmd,
    5,
  ]);
  expect(view.getUint32(312, true)).toBe(4711);
  expect(view.getUint32(584, true)).toBe(8);
});

test("what is written reads the same", () => {
  expect(decodePacemakerCpg(encodePacemakerCpg(message))).toEqual(message);
});

test("errors, cut messages and random bytes are refused without a throw", () => {
  const bytes = encodePacemakerCpg(message);
  expect(decodePacemakerCpg(bytes.subarray(0, 599))).toMatchObject({ code: "size" });
  expect(decodePacemakerCpg(bytes.subarray(0, 591))).toMatchObject({ code: "size" });
  const failed = bytes.slice();
  failed[16] = 6;
  expect(decodePacemakerCpg(failed)).toMatchObject({ code: "error" });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 600, maxLength: 700 }), (random) => {
      random.set([1, 0, 0, 0], 16);
      const result = decodePacemakerCpg(random);
      expect(isRejection(result) || typeof result.text === "string").toBe(true);
    }),
    { numRuns: 100 },
  );
});
