import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Md5, md5Hex } from "../../../lib/base/md5.ts";

test("the empty string has the digest everybody knows", () => {
  expect(md5Hex("")).toBe("d41d8cd98f00b204e9800998ecf8427e");
});

test("agrees with another implementation, whatever the pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
      const ours = new Md5();
      const other = createHash("md5");
      for (const piece of pieces) {
        ours.update(piece);
        other.update(piece);
      }
      expect(ours.hex()).toBe(other.digest("hex"));
    }),
  );
});
