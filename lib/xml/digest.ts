/** Digests of trees: MD5 over canonical text, streamed (spec/outputs-and-tools.md D3). */
import { Md5, md5Hex } from "../base/md5.ts";
import { COMMENT, type XmlElement } from "./node.ts";
import { escapeAttr, references } from "./write.ts";

/** Attributes that say who wrote when; two CIBs that differ only there are the same version. */
const NOT_DIGESTED: ReadonlySet<string> = new Set([
  "crm-debug-origin",
  "cib-last-written",
  "update-origin",
  "update-client",
  "update-user",
]);

/** Canonical text has hexadecimal references. */
const hexadecimal = references((code) => `&#x${code.toString(16).toUpperCase().padStart(2, "0")};`);

/** Feeds canonical text in blocks, so that a big tree never becomes one string. */
class Sink {
  readonly #md5 = new Md5();
  #parts = "";
  add(text: string): void {
    this.#parts += text;
    if (this.#parts.length > 32_768) this.#flush();
  }
  #flush(): void {
    this.#md5.update(this.#parts);
    this.#parts = "";
  }
  hex(): string {
    this.#flush();
    return this.#md5.hex();
  }
}

function feed(node: XmlElement, skip: ReadonlySet<string>, sink: Sink): void {
  if (node.name === COMMENT) {
    sink.add(`<!--${node.text ?? ""}-->`);
    return;
  }
  let tag = `<${node.name}`;
  for (const [name, value] of node.attrs) {
    if (!skip.has(name)) tag += ` ${name}="${escapeAttr(value, hexadecimal)}"`;
  }
  if (node.children.length === 0 && node.text === undefined) {
    sink.add(`${tag}/>`);
    return;
  }
  sink.add(`${tag}>`);
  if (node.text !== undefined) sink.add(escapeAttr(node.text, hexadecimal));
  for (const child of node.children) feed(child, skip, sink);
  sink.add(`</${node.name}>`);
}

const NOTHING: ReadonlySet<string> = new Set();

/** Digest of everything, as cib.xml.sig holds it and `cibadmin --md5-sum` prints it. */
export function onDiskDigest(root: XmlElement): string {
  const sink = new Sink();
  sink.add(" ");
  feed(root, NOTHING, sink);
  sink.add("\n");
  return sink.hex();
}

/** Digest that ignores who wrote when: the one of patchsets and of members comparing their CIBs. */
export function versionedDigest(root: XmlElement): string {
  const sink = new Sink();
  feed(root, NOT_DIGESTED, sink);
  return sink.hex();
}

/** Digest of operation parameters: sorted by name in byte order, on-disk form (spec/scheduler-1 B.13). */
export function parametersDigest(parameters: Iterable<readonly [string, string]>): string {
  const sorted = [...parameters].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  let text = " <parameters";
  for (const [name, value] of sorted) text += ` ${name}="${escapeAttr(value, hexadecimal)}"`;
  return md5Hex(`${text}/>\n`);
}
