/** The rules of direction as data (HOUSE section 2): who may import whom, and what shelves 0 to 7 must not touch. */

export interface Shelf {
  /** Folder below lib/, or "cmd", "agents", "test". */
  readonly folder: string;
  readonly mayImport: readonly string[];
}

const LOW = ["base", "time", "xml", "conf"];
const MIDDLE = [...LOW, "wire", "cib", "rules", "ocf"];
const DECIDING = ["status", "fencing", "history", "scheduler", "explain", "transition", "simulate"];

export const shelves: readonly Shelf[] = [
  { folder: "base", mayImport: [] },
  { folder: "time", mayImport: ["base"] },
  { folder: "xml", mayImport: ["base"] },
  { folder: "conf", mayImport: ["base"] },
  { folder: "wire", mayImport: [...LOW] },
  { folder: "cib", mayImport: [...LOW, "rules"] },
  { folder: "rules", mayImport: [...LOW, "cib"] },
  { folder: "ocf", mayImport: [...LOW] },
  { folder: "totem", mayImport: ["base", "conf", "wire"] },
  { folder: "quorum", mayImport: ["base", "conf", "wire"] },
  { folder: "cpg", mayImport: ["base", "conf", "wire"] },
  { folder: "cmap", mayImport: ["base", "conf", "wire"] },
  ...DECIDING.map((folder, at) => ({
    folder,
    mayImport: [...MIDDLE, ...DECIDING.slice(0, at)],
  })),
  {
    folder: "corosync",
    mayImport: ["base", "conf", "wire", "totem", "quorum", "cpg", "cmap"],
  },
  { folder: "pacemakerd", mayImport: [...MIDDLE, ...DECIDING] },
  { folder: "node", mayImport: ["base", "wire", "corosync", "pacemakerd"] },
  { folder: "view", mayImport: [...MIDDLE, ...DECIDING] },
  // A graph, a summary or a status is data already: renderers may know its types (ARCHITECTURE, decisions).
  { folder: "render", mayImport: [...MIDDLE, ...DECIDING, "view"] },
  { folder: "crm", mayImport: [...MIDDLE, ...DECIDING, "view"] },
  { folder: "lab", mayImport: ["base", "conf", "install"] },
  { folder: "install", mayImport: ["base", "conf"] },
  { folder: "cli", mayImport: [...MIDDLE, "client"] },
  { folder: "client", mayImport: [...MIDDLE, "crm", "cli"] },
  { folder: "runtime", mayImport: ["base", "wire", "client", "cli"] },
];

/** Shelves that may wait for answers (HOUSE section 2: exceptions by name). */
export const asyncAllowed = [/^lib\/client\//, /^lib\/cli\/tool\.ts$/, /^lib\/crm\//];

/** Words that end determinism. The runtime shelf, cmd, agents and tests are free to use them. */
export const banned: readonly { readonly word: RegExp; readonly instead: string }[] = [
  { word: /from "node:/, instead: "an effect that lib/runtime carries out" },
  { word: /from "bun/, instead: "an effect that lib/runtime carries out" },
  { word: /\bBun\./, instead: "an effect that lib/runtime carries out" },
  { word: /\bprocess\./, instead: "a value passed in" },
  { word: /\bnew Date\b|\bDate\.now\b/, instead: "the `now` that step() gets, and lib/time" },
  { word: /\bMath\.random\b/, instead: "seeded chance passed in" },
  { word: /\bset(Timeout|Interval|Immediate)\(/, instead: "the effect set-timer" },
  { word: /\bconsole\./, instead: "the effect log" },
  { word: /\bperformance\.now\b/, instead: "the `now` that step() gets" },
];

/** Pure functions of Bun that a shelf may call, by file. */
export const bannedExceptions: readonly { readonly file: RegExp; readonly word: RegExp }[] = [
  { file: /^lib\/xml\/parse\.ts$/, word: /\bBun\.XML\b/ },
];
