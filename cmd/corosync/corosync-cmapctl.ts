/** corosync-cmapctl: reads, writes and watches the configuration map; texts and exit codes of the original. */
import { defineTool, type Session, type ToolResult } from "../../lib/cli/tool.ts";
import { type CmapClient, connectCmap } from "../../lib/client/cmap.ts";
import type { CmapType, CmapValue } from "../../lib/wire/cmap.ts";
import { CmapTrack } from "../../lib/wire/ipc/services-cmap.ts";
import { connected, errorName, failed, isResult } from "./service-error.ts";

const WORDS: Readonly<Record<CmapType, string>> = {
  i8: "i8",
  u8: "u8",
  i16: "i16",
  u16: "u16",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  u64: "u64",
  float: "flt",
  double: "dbl",
  string: "str",
  binary: "bin",
};

const TYPES = new Map(Object.entries(WORDS).map(([type, word]) => [word, type as CmapType]));

/** A value as text; undefined for binary ones that are not wanted. */
function valueText(item: CmapValue, binary: boolean): string | undefined {
  if (item.type === "float" || item.type === "double") return item.value.toFixed(6);
  if (item.type !== "binary") return String(item.value);
  return binary ? Buffer.from(item.value).toString("latin1") : undefined;
}

function line(key: string, item: CmapValue, binary: boolean): string {
  const text = valueText(item, binary);
  const head = `${key} (${WORDS[item.type]})`;
  return text === undefined ? head : `${head} = ${text}`;
}

/** A typed value from the command line; a text says why not. */
function parseValue(
  type: CmapType,
  word: string,
  bytes: Uint8Array | undefined,
): CmapValue | string {
  if (type === "binary") return { type, value: bytes ?? new Uint8Array() };
  if (type === "string") return { type, value: word };
  const wrong = `${word} is not valid ${WORDS[type]} ${type.length > 3 ? "number" : "integer"}`;
  if (type === "float" || type === "double") {
    const value = Number(word);
    return word.trim() === "" || Number.isNaN(value) ? wrong : { type, value };
  }
  if (!/^[+-]?(\d+|0[xX][0-9a-fA-F]+)$/.test(word)) return wrong;
  const sign = word.startsWith("-") ? -1n : 1n;
  const value = sign * BigInt(word.replace(/^[+-]/, ""));
  const bits = Number(type.slice(1));
  const fits =
    type[0] === "u" ? BigInt.asUintN(bits, value) === value : BigInt.asIntN(bits, value) === value;
  if (!fits) return wrong;
  if (type === "i64" || type === "u64") return { type, value };
  return { type, value: Number(value) };
}

async function list(cmap: CmapClient, prefix: string, binary: boolean): Promise<string> {
  let text = "";
  for (const key of await cmap.keys(prefix)) {
    const item = await cmap.get(key);
    if (item !== undefined) text += `${line(key, item, binary)}\n`;
  }
  return text;
}

/** Runs `act` for each word; words that fail give a line on stderr and exit code 1. */
async function forEach(
  words: readonly string[],
  act: (word: string) => Promise<string>,
  complaint: (word: string, code: string) => string,
): Promise<ToolResult> {
  let out = "";
  let err = "";
  for (const word of words) {
    try {
      out += await act(word);
    } catch (error) {
      err += `${complaint(word, errorName(error))}\n`;
    }
  }
  return { exit: err === "" ? 0 : 1, out, err };
}

async function getKeys(
  cmap: CmapClient,
  keys: readonly string[],
  binary: boolean,
  quiet: boolean,
): Promise<ToolResult> {
  let out = "";
  let err = "";
  for (const key of keys) {
    const item = await cmap.get(key);
    if (item === undefined) err += `Can't get key ${key}. Error CS_ERR_NOT_EXIST\n`;
    else out += quiet ? `${valueText(item, true) ?? ""}\n` : `${line(key, item, binary)}\n`;
  }
  return { exit: err === "" ? 0 : 1, out, err };
}

async function setKey(
  cmap: CmapClient,
  words: readonly string[],
  session: Session,
): Promise<ToolResult> {
  const [key, typeWord, ...rest] = words;
  const word = rest.join(" ");
  if (key === undefined || typeWord === undefined || rest.length === 0) {
    return failed("-s needs a key, a type and a value");
  }
  const type = TYPES.get(typeWord);
  if (type === undefined) return failed(`Unknown type ${typeWord}`);
  let bytes: Uint8Array | undefined;
  if (type === "binary") {
    bytes = word === "-" ? await session.readStdin() : await session.readFile(word);
  }
  const value = parseValue(type, word, bytes);
  if (typeof value === "string") return failed(value);
  try {
    await cmap.set(key, value);
    return { exit: 0 };
  } catch (error) {
    return failed(`Failed to set key ${key}. Error ${errorName(error)}`);
  }
}

/** Settings from a file: `key type value`, `^key` deletes, `^^prefix` deletes all that begin with it. */
async function load(cmap: CmapClient, text: string, session: Session): Promise<ToolResult> {
  let err = "";
  for (const raw of text.split("\n")) {
    const words = raw.trim().split(/\s+/);
    const first = words[0] ?? "";
    if (first === "" || first.startsWith("#")) continue;
    let result: ToolResult;
    if (first.startsWith("^^")) result = await deletePrefixes(cmap, [first.slice(2)]);
    else if (first.startsWith("^")) result = await deleteKeys(cmap, [first.slice(1)]);
    else result = await setKey(cmap, words, session);
    err += result.err ?? "";
  }
  return { exit: err === "" ? 0 : 1, err };
}

function deleteKeys(cmap: CmapClient, keys: readonly string[]): Promise<ToolResult> {
  return forEach(
    keys,
    async (key) => {
      await cmap.delete(key);
      return "";
    },
    (key, code) => `Can't delete key ${key}. Error ${code}`,
  );
}

async function deletePrefixes(cmap: CmapClient, prefixes: readonly string[]): Promise<ToolResult> {
  const keys: string[] = [];
  for (const prefix of prefixes) keys.push(...(await cmap.keys(prefix)));
  return deleteKeys(cmap, keys);
}

const EVENTS = new Map<number, string>([
  [CmapTrack.add, "create"],
  [CmapTrack.modify, "modify"],
  [CmapTrack.delete, "delete"],
]);

/** Prints changes until stdin says q or ends. */
async function watch(
  cmap: CmapClient,
  key: string,
  prefix: boolean,
  binary: boolean,
  session: Session,
): Promise<ToolResult> {
  const all = CmapTrack.add | CmapTrack.modify | CmapTrack.delete;
  await cmap.track(key, prefix ? all | CmapTrack.prefix : all, (change) => {
    const item = change.newValue ?? change.oldValue;
    if (item === undefined) return;
    session.print(`${EVENTS.get(change.event) ?? "unknown"}> ${line(change.key, item, binary)}\n`);
  });
  session.print('Type "q" to finish\n');
  for await (const chunk of process.stdin) {
    if (String(chunk).includes("q")) break;
  }
  return { exit: 0 };
}

export default defineTool({
  name: "corosync-cmapctl",
  summary: "read and change corosync's configuration map",
  usage: "[-b] [-m MAP] [PREFIX ...] | -g KEY ... | -s KEY TYPE VALUE | -d KEY ... | -D PREFIX ...",
  description:
    "Types: i8 u8 i16 u16 i32 u32 i64 u64 flt dbl str bin; for bin, the value is a file name or - for stdin.",
  options: [
    { key: "binary", short: ["b"], kind: "flag", help: "Show binary values" },
    { key: "map", short: ["m"], kind: "value", value: "MAP", help: "icmap (default) or stats" },
    { key: "set", short: ["s"], kind: "flag", help: "Set a key" },
    { key: "delete", short: ["d"], kind: "flag", help: "Delete keys" },
    { key: "delete-prefix", short: ["D"], kind: "flag", help: "Delete keys by their prefix" },
    { key: "get", short: ["g"], kind: "flag", help: "Show single keys" },
    { key: "quiet", short: ["q"], kind: "flag", help: "With -g: the value only" },
    { key: "track", short: ["t"], kind: "flag", help: "Watch a key" },
    { key: "track-prefix", short: ["T"], kind: "flag", help: "Watch keys by their prefix" },
    { key: "file", short: ["p"], kind: "value", value: "FILE", help: "Load settings from FILE" },
    { key: "help", short: ["h"], long: ["help"], kind: "flag", help: "Show this help and exit" },
  ],
  run: async (options, session): Promise<ToolResult> => {
    const { positionals } = options;
    const binary = options.flag("binary");
    const map = options.value("map") ?? "icmap";
    if (map !== "icmap" && map !== "stats") return failed(`Unknown map ${map}: icmap or stats`);
    const cmap = await connected(
      () => connectCmap(session.ipc),
      (code) => `Failed to initialize the cmap API. Error ${code}`,
    );
    if (isResult(cmap)) return cmap;
    if (map === "stats") await cmap.selectMap(1);
    const file = options.value("file");
    if (file !== undefined) {
      return load(cmap, new TextDecoder().decode(await session.readFile(file)), session);
    }
    if (options.flag("set")) return setKey(cmap, positionals, session);
    if (options.flag("get")) return getKeys(cmap, positionals, binary, options.flag("quiet"));
    if (options.flag("delete")) return deleteKeys(cmap, positionals);
    if (options.flag("delete-prefix")) return deletePrefixes(cmap, positionals);
    const prefix = options.flag("track-prefix");
    if (prefix || options.flag("track")) {
      const [key] = positionals;
      if (key === undefined) return failed("there is no key to watch");
      return watch(cmap, key, prefix, binary, session);
    }
    let out = "";
    for (const word of positionals.length === 0 ? [""] : positionals) {
      out += await list(cmap, word, binary);
    }
    return { exit: 0, out };
  },
});
