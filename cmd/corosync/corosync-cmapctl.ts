/** corosync-cmapctl: reads, writes and watches the configuration map; texts and exit codes of the original. */
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { type CmapClient, connectCmap } from "../../lib/client/cmap.ts";
import { CorosyncError } from "../../lib/client/corosync.ts";
import type { CmapType, CmapValue } from "../../lib/wire/cmap.ts";
import { CsError } from "../../lib/wire/ipc/cs-error.ts";
import { CmapTrack } from "../../lib/wire/ipc/services-cmap.ts";
import { connected, errorName, failed, isResult, lastAction } from "./service-error.ts";

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

/** Bytes as text, those that do not print as \xNN. */
function binaryText(bytes: Uint8Array): string {
  return Array.from(bytes, (code) => {
    if (code === 0x5c) return "\\\\";
    const printable = code >= 0x20 && code < 0x7f;
    return printable
      ? String.fromCharCode(code)
      : `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** A value as text; undefined for binary ones that are not wanted. */
function valueText(item: CmapValue, binary: boolean): string | undefined {
  if (item.type === "float" || item.type === "double") {
    return Number.isFinite(item.value) ? item.value.toFixed(6) : item.value < 0 ? "-inf" : "inf";
  }
  if (item.type !== "binary") return String(item.value);
  return binary ? binaryText(item.value) : undefined;
}

/** How values are shown. */
interface Style {
  readonly binary: boolean;
  /** The value without its key. */
  readonly quiet: boolean;
}

/** Differs: a quiet binary value that is not wanted is an empty line; the original shows the rest of `(bin)`. */
function line(key: string, item: CmapValue, { binary, quiet }: Style): string {
  const text = valueText(item, binary);
  if (quiet) return text ?? "";
  const head = `${key} (${WORDS[item.type]})`;
  return text === undefined ? head : `${head} = ${text}`;
}

/**
 * A typed value from the command line; a text says why not.
 * Differs: a number with something behind it is refused; the original takes `0x1f` for 0 and clamps what is too large.
 */
function parseValue(
  type: CmapType,
  word: string,
  bytes: Uint8Array | undefined,
): CmapValue | string {
  if (type === "binary") return { type, value: bytes ?? new Uint8Array() };
  if (type === "string") return { type, value: word };
  const noNumber = `${word} is not valid ${WORDS[type]} type value`;
  if (type === "float" || type === "double") {
    const value = Number(word);
    return word.trim() === "" || Number.isNaN(value) ? noNumber : { type, value };
  }
  if (!/^[+-]?\d/.test(word)) return noNumber;
  const wrong = `${word} is not valid ${WORDS[type]} integer`;
  if (!/^[+-]?\d+$/.test(word)) return wrong;
  const value = BigInt(word.replace(/^\+/, ""));
  const bits = Number(type.slice(1));
  const fits =
    type[0] === "u" ? BigInt.asUintN(bits, value) === value : BigInt.asIntN(bits, value) === value;
  if (!fits) return wrong;
  if (type === "i64" || type === "u64") return { type, value };
  return { type, value: Number(value) };
}

/** All keys with these prefixes; exit code 1 when there is none, as with the original. */
async function list(
  cmap: CmapClient,
  prefixes: readonly string[],
  style: Style,
): Promise<ToolResult> {
  let out = "";
  for (const prefix of prefixes) {
    for (const key of await cmap.keys(prefix)) {
      const item = await cmap.get(key);
      if (item !== undefined) out += `${line(key, item, style)}\n`;
    }
  }
  return { exit: out === "" ? 1 : 0, out };
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

function getKeys(cmap: CmapClient, keys: readonly string[], style: Style): Promise<ToolResult> {
  return forEach(
    keys,
    async (key) => {
      const item = await cmap.get(key);
      if (item === undefined) throw new CorosyncError(key, CsError.notExist);
      return `${line(key, item, style)}\n`;
    },
    (key, code) => `Can't get key ${key}. Error ${code}`,
  );
}

async function readBytes(path: string, session: Session): Promise<Uint8Array | ToolResult> {
  if (path === "-") return session.readStdin();
  if (!session.exists(path)) return failed("Can't open input file: No such file or directory");
  return session.readFile(path);
}

async function setKey(
  cmap: CmapClient,
  key: string,
  typeWord: string,
  word: string,
  session: Session,
): Promise<ToolResult> {
  const type = TYPES.get(typeWord);
  if (type === undefined) return failed(`Unknown type ${typeWord}`);
  const bytes = type === "binary" ? await readBytes(word, session) : undefined;
  if (bytes !== undefined && "exit" in bytes) return bytes;
  const value = parseValue(type, word, bytes);
  if (typeof value === "string") return failed(value);
  try {
    await cmap.set(key, value);
    return { exit: 0 };
  } catch (error) {
    return failed(`Failed to set key ${key}. Error ${errorName(error)}`);
  }
}

/** One line of a file of settings: `key type value`, `^key` deletes, `^^prefix` deletes all that begin with it. */
async function loadLine(cmap: CmapClient, text: string, session: Session): Promise<ToolResult> {
  const [key = "", type, value] = text.trim().split(/\s+/);
  if (key === "" || key.startsWith("#")) return { exit: 0 };
  // What is gone already does not stop the rest.
  if (key.startsWith("^^")) return { ...(await deletePrefixes(cmap, [key.slice(2)])), exit: 0 };
  if (key.startsWith("^")) return { ...(await deleteKeys(cmap, [key.slice(1)])), exit: 0 };
  if (type === undefined || value === undefined) {
    return failed(`Both type and value for key ${key} are required`);
  }
  return setKey(cmap, key, type, value, session);
}

/** Settings from a file, up to the first line that fails. A file that is not there is told, with exit code 0. */
async function load(cmap: CmapClient, path: string, session: Session): Promise<ToolResult> {
  if (!session.exists(path)) {
    return { exit: 0, err: "Couldn't open file.: No such file or directory\n" };
  }
  const text = new TextDecoder().decode(await session.readFile(path));
  let err = "";
  for (const settings of text.split("\n")) {
    const result = await loadLine(cmap, settings, session);
    err += result.err ?? "";
    if (result.exit !== 0) return { exit: result.exit, err };
  }
  return { exit: 0, err };
}

/** Sets counters of the stats map back. */
async function clear(cmap: CmapClient, what: string): Promise<ToolResult> {
  const key = `stats.clear.${what}`;
  try {
    await cmap.set(key, { type: "u32", value: 1 });
    return { exit: 0 };
  } catch (error) {
    return failed(`Failed to set key ${key}. Error ${errorName(error)}`);
  }
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
  keys: readonly string[],
  prefix: boolean,
  style: Style,
  session: Session,
): Promise<ToolResult> {
  const all = CmapTrack.add | CmapTrack.modify | CmapTrack.delete;
  for (const key of keys) {
    await cmap.track(key, prefix ? all | CmapTrack.prefix : all, (change) => {
      const item = change.newValue ?? change.oldValue;
      if (item === undefined) return;
      session.print(`${EVENTS.get(change.event) ?? "unknown"}> ${line(change.key, item, style)}\n`);
    });
  }
  session.print('Type "q" to finish\n');
  for await (const chunk of process.stdin) {
    if (String(chunk).includes("q")) break;
  }
  return { exit: 0 };
}

const CLEARED = ["knet", "totem", "ipc", "schedmiss", "all"];
/** What needs a key, or more of them. */
const KEYED = ["set", "get", "delete", "delete-prefix", "track", "track-prefix"];

/** What is wrong with the words on the command line, in the original's words. */
function misuse(options: ParsedOptions, action: string | undefined): string | undefined {
  const map = options.value("map");
  if (map !== undefined && !["default", "icmap", "stats"].includes(map)) {
    return "invalid map name, must be 'default', 'icmap' or 'stats'";
  }
  if (options.list("clear").some((what) => !CLEARED.includes(what))) {
    return "argument to -C should be 'knet', 'totem', 'ipc', 'schedmiss' or 'all'";
  }
  const { positionals } = options;
  if (action === undefined || !KEYED.includes(action)) return undefined;
  if (positionals.length === 0) return "Expected key after options";
  if (action === "set" && positionals.length < 3) {
    return "At least 3 parameters are expected for set";
  }
  return undefined;
}

export default defineTool({
  name: "corosync-cmapctl",
  summary: "read and change corosync's configuration map",
  parsing: "getopt",
  usage:
    "[-b] [-q] [-m MAP] [PREFIX ...] | {-g|-d|-D|-t|-T} KEY ... | -s KEY TYPE VALUE | -p FILE | -C WHAT",
  description:
    "Types: i8 u8 i16 u16 i32 u32 i64 u64 flt dbl str bin; for bin, the value is a file name or - for stdin.",
  options: [
    { key: "binary", short: ["b"], kind: "flag", help: "Show binary values" },
    { key: "map", short: ["m"], kind: "value", value: "MAP", help: "icmap (default) or stats" },
    { key: "set", short: ["s"], kind: "flag", help: "Set a key" },
    { key: "delete", short: ["d"], kind: "flag", help: "Delete keys" },
    { key: "delete-prefix", short: ["D"], kind: "flag", help: "Delete keys by their prefix" },
    { key: "get", short: ["g"], kind: "flag", help: "Show single keys" },
    { key: "quiet", short: ["q"], kind: "flag", help: "Show values without their keys" },
    { key: "track", short: ["t"], kind: "flag", help: "Watch a key" },
    { key: "track-prefix", short: ["T"], kind: "flag", help: "Watch keys by their prefix" },
    { key: "file", short: ["p"], kind: "value", value: "FILE", help: "Load settings from FILE" },
    {
      key: "clear",
      short: ["C"],
      kind: "value",
      value: "WHAT",
      help: "Set statistics back: knet, ipc, totem, schedmiss or all",
    },
    { key: "help", short: ["h"], long: ["help"], kind: "flag", help: "Show this help and exit" },
  ],
  run: async (options, session): Promise<ToolResult> => {
    const { positionals } = options;
    const style = { binary: options.flag("binary"), quiet: options.flag("quiet") };
    const action = lastAction(options, [...KEYED, "file", "clear"]);
    const wrong = misuse(options, action?.key);
    if (wrong !== undefined) return failed(wrong);
    const cmap = await connected(
      () => connectCmap(session.ipc),
      (name) => `Failed to initialize the cmap API. Error ${name}`,
    );
    if (isResult(cmap)) return cmap;
    if (options.value("map") === "stats" || options.flag("clear")) await cmap.selectMap(1);
    const [key = "", type = "", value = ""] = positionals;
    switch (action?.key) {
      case "file":
        return load(cmap, action.value, session);
      case "clear":
        return clear(cmap, action.value);
      case "set":
        return setKey(cmap, key, type, value, session);
      case "get":
        return getKeys(cmap, positionals, style);
      case "delete":
        return deleteKeys(cmap, positionals);
      case "delete-prefix":
        return deletePrefixes(cmap, positionals);
      case "track":
      case "track-prefix":
        return watch(cmap, positionals, action.key === "track-prefix", style, session);
      default:
        return list(cmap, positionals.length === 0 ? [""] : positionals, style);
    }
  },
});
