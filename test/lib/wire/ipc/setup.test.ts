import { expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../../lib/base/error.ts";
import {
  decodeSetupRequest,
  decodeSetupResponse,
  encodeSetupRefusal,
  encodeSetupRequest,
  encodeSetupResponse,
  encodeSocketAddress,
} from "../../../../lib/wire/ipc/setup.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("the request is the one corosync's libraries send", () => {
  expect(hex(encodeSetupRequest(0x100000))).toBe(
    "ffffffff00000000180000000000000000001000" + "00000000",
  );
  expect(decodeSetupRequest(encodeSetupRequest(0x80000))).toEqual({ maxMessageBytes: 0x80000 });
});

test("anything else than an authentication is refused", () => {
  const wrongId = encodeSetupRequest(1);
  wrongId[0] = 0xfe;
  const wrongSize = encodeSetupRequest(1);
  wrongSize[8] = 25;
  for (const bytes of [wrongId, wrongSize, new Uint8Array(23), new Uint8Array(0)]) {
    expect(isRejection(decodeSetupRequest(bytes))).toBe(true);
  }
});

test("an answer reads as it was written, a refusal keeps its full length", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("shm" as const, "socket" as const),
      fc.nat(),
      fc.tuple(fc.string(), fc.string(), fc.string()),
      (type, maxMessageBytes, names) => {
        const paths = names.map((n) => n.replaceAll("\0", "")) as [string, string, string];
        const response = { error: 0, type, maxMessageBytes, paths };
        expect(decodeSetupResponse(encodeSetupResponse(response))).toEqual(response);
      },
    ),
    { numRuns: 50 },
  );
  const refusal = encodeSetupRefusal(-13);
  expect(refusal.length).toBe(12328);
  expect(decodeSetupResponse(refusal)).toMatchObject({ error: -13 });
});

test("a type that was never sent is refused", () => {
  const bytes = encodeSetupResponse({
    error: 0,
    type: "shm",
    maxMessageBytes: 1,
    paths: ["", "", ""],
  });
  bytes[24] = 3;
  expect(decodeSetupResponse(bytes)).toMatchObject({ code: "type" });
});

test("addresses carry all their padding", () => {
  const abstract = encodeSocketAddress("cmap", "abstract");
  expect(abstract?.length).toBe(110);
  expect(hex(abstract!.subarray(0, 8))).toBe("010000636d617000");
  expect(hex(encodeSocketAddress("/tmp/cmap", "file")!.subarray(0, 4))).toBe("01002f74");
  expect(encodeSocketAddress("x".repeat(108), "abstract")).toBeUndefined();
});
