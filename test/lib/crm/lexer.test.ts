/** Words and continued lines (spec/crm-commands.md section 10). */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { commandLines, splitWords } from "../../../lib/crm/language/lexer.ts";

test("quotes keep blanks, a backslash escapes, # is an ordinary sign", () => {
  expect(splitWords(`a 'b c' "d e" f\\ g #h`)).toEqual(["a", "b c", "d e", "f g", "#h"]);
  expect(splitWords(`x="a\\"b" y='a\\b' z="a\\b" w=""`)).toEqual([
    'x=a"b',
    "y=a\\b",
    "z=a\\b",
    "w=",
  ]);
});

test("an open quote is refused", () => {
  expect(() => splitWords("a 'b")).toThrow("No closing quotation");
});

test("continued lines are joined without a blank; the number is that of the last line", () => {
  const text = "# comment\nprimitive a Dum\\\n   my\n\n  show \\\n\ta\nlast \\\n";
  expect(commandLines(text)).toEqual([
    { text: "primitive a Dummy", line: 3 },
    { text: "show a", line: 6 },
  ]);
});

test("any word survives single quotes", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const quoted = words.map((w) => `'${w.replaceAll("'", `'"'"'`)}'`);
      expect(splitWords(quoted.join(" "))).toEqual(words);
    }),
  );
});
