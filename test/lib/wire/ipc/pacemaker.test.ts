import { expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../../lib/base/error.ts";
import {
  decodePacemakerFrame,
  encodePacemakerFrame,
  PacemakerFlag,
} from "../../../../lib/wire/ipc/pacemaker.ts";

const REGISTER = '<cib_command t="cib" cib_op="register" cib_clientname="bun" cib_callopt="4096"/>';
/** Header of that request as a client and Pacemaker 2.1.5 exchanged it. */
const REGISTER_HEADER =
  "0100000000000000790000000000000000000000000000005100000000000000" + "0002000001000000";

test("a request is byte for byte what the original takes", () => {
  const bytes = encodePacemakerFrame({ id: 1, flags: PacemakerFlag.response, text: REGISTER });
  expect(Buffer.from(bytes.subarray(0, 40)).toString("hex")).toBe(REGISTER_HEADER);
  expect(bytes.length).toBe(121);
  expect(bytes.at(-1)).toBe(0);
});

test("what is written reads the same", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 0xffffff }), fc.string(), (id, flags, text) => {
      const plain = text.replaceAll("\0", "");
      const bytes = encodePacemakerFrame({ id, flags, text: plain });
      expect(decodePacemakerFrame(bytes)).toEqual({ id, flags, text: plain });
    }),
    { numRuns: 100 },
  );
});

test("sizes that lie, a missing NUL and a newer version are refused", () => {
  const change = (at: number, value: number) => {
    const bytes = encodePacemakerFrame({ id: 1, flags: 0, text: "<a/>" });
    new DataView(bytes.buffer).setUint32(at, value, true);
    return decodePacemakerFrame(bytes);
  };
  expect(change(24, 0)).toMatchObject({ code: "size" });
  expect(change(24, 6)).toMatchObject({ code: "size" });
  expect(change(24, 0xffffffff)).toMatchObject({ code: "size" });
  expect(change(24, 4)).toMatchObject({ code: "nul" });
  expect(change(28, 0xffffffff)).toMatchObject({ code: "size" });
  expect(change(28, 5)).toMatchObject({ code: "bz2" });
  expect(change(36, 2)).toMatchObject({ code: "version" });
  expect(decodePacemakerFrame(new Uint8Array(39))).toMatchObject({ code: "size" });
});

test("random bytes never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const frame = decodePacemakerFrame(bytes);
      expect(isRejection(frame) || typeof frame.text === "string").toBe(true);
    }),
  );
});
