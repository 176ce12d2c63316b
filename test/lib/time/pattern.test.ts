/** strftime's kind of patterns (spec/runtime.md 8.1). */
import { expect, test } from "bun:test";
import { patternText } from "../../../lib/time/pattern.ts";

const AT = Date.UTC(2017, 4, 26, 7, 8, 9) + 12.5;

test("fields, parts of a second, an offset, and what is not known", () => {
  expect(patternText("%H:%M:%S.%06N", AT, 0)).toBe("07:08:09.012500");
  expect(patternText("%Y-%m-%d %T %3N|%j|%e|%%|%Q", AT, 3600)).toBe(
    "2017-05-26 08:08:09 012|146|26|%|%Q",
  );
  expect(patternText("%F %R %s", AT, -8 * 3600)).toBe(`2017-05-25 23:08 ${Math.floor(AT / 1000)}`);
});
