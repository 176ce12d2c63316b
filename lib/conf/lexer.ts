/**
 * corosync.conf, line by line. Decides what a line is: a section's begin or end, an entry, a comment or nothing. A `#` at
 * the start of a line or after white space begins a comment (seed/errata.md); comments are kept, so that print.ts can
 * give the file back as it was.
 *
 *     bindnetaddr: 172.25.12.0  #the network     →  entry bindnetaddr, value 172.25.12.0, comment "#the network"
 */

export type Line = { readonly line: number; readonly comment: string } & (
  | { readonly kind: "open"; readonly name: string }
  | { readonly kind: "close" }
  | { readonly kind: "entry"; readonly key: string; readonly value: string }
  | { readonly kind: "blank" }
  /** Not understood: `text` says why. */
  | { readonly kind: "bad"; readonly text: string }
);

/** Cuts a comment off; it starts at a `#` that begins the line or follows white space. */
function splitComment(text: string): readonly [string, string] {
  const at = text.search(/(^|\s)#/);
  if (at < 0) return [text, ""];
  const hash = text.indexOf("#", at);
  return [text.slice(0, hash), text.slice(hash)];
}

function lexLine(raw: string, line: number): Line {
  const [before, comment] = splitComment(raw);
  const text = before.trim();
  const at = { line, comment: comment.trimEnd() };
  if (text === "") return { ...at, kind: "blank" };
  if (text === "}") return { ...at, kind: "close" };
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) {
    return { ...at, kind: "bad", text: "the line holds control characters" };
  }
  if (text.startsWith("}")) {
    return { ...at, kind: "bad", text: "nothing may follow a closing brace on its line" };
  }
  const brace = text.indexOf("{");
  const colon = text.indexOf(":");
  if (brace >= 0 && (colon < 0 || brace < colon)) {
    const name = text.slice(0, brace).trim();
    if (name === "") return { ...at, kind: "bad", text: "a section needs a name before its {" };
    if (brace < text.length - 1) {
      const text = "nothing may follow an opening brace on its line";
      return { ...at, kind: "bad", text };
    }
    return { ...at, kind: "open", name };
  }
  if (colon < 0) {
    const text = "the line is neither `section {`, `key: value` nor `}`";
    return { ...at, kind: "bad", text };
  }
  const key = text.slice(0, colon).trim();
  const value = text.slice(colon + 1).trim();
  if (key === "") return { ...at, kind: "bad", text: "there is no key before the colon" };
  if (value === "") return { ...at, kind: "bad", text: `${key} has no value` };
  return { ...at, kind: "entry", key, value };
}

/** All lines of a file, numbered from 1. A final newline makes no line of its own. */
export function lexLines(text: string): readonly Line[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.map((raw, i) => lexLine(raw, i + 1));
}
