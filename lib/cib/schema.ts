/** Names of configuration schemas: which exist, which we write, how they compare (HOUSE: Versions; spec/scheduler-1 A.2). */

/** What CIBs that we make claim, so that the installed originals accept them. */
export const OUR_SCHEMA = "pacemaker-3.9";

/** The feature set of CIBs that we make, for the same reason. */
export const OUR_FEATURE_SET = "3.16.1";

/** The newest schema whose documents are understood, as a number (4.0). */
export const NEWEST_SCHEMA = 400;

/** Minor versions that exist, by major version. */
const HIGHEST_MINOR: Readonly<Record<number, number>> = { 1: 3, 2: 10, 3: 10, 4: 0 };

/** Number of a validate-with value (3.9 → 309), "none" for validation turned off, undefined for unknown values. */
export function schemaOf(validateWith: string | undefined): number | "none" | undefined {
  if (validateWith === "none") return "none";
  if (validateWith === "pacemaker-0.6" || validateWith === "transitional-0.6") return 6;
  const [, text = ""] = /^pacemaker-(.+)$/.exec(validateWith ?? "") ?? [];
  const version = versionOf(text);
  if (version === undefined) return undefined;
  const highest = HIGHEST_MINOR[version[0]];
  return highest !== undefined && version[1] <= highest ? schemaNumber(text) : undefined;
}

/** Major and minor of "3.10"; undefined when it is no version. */
function versionOf(text: string): readonly [major: number, minor: number] | undefined {
  const match = /^(\d+)\.(\d+)$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** "3.10" → 310, "2.0" → 200; undefined when it is no schema version. */
export function schemaNumber(text: string): number | undefined {
  const version = versionOf(text);
  return version && version[0] * 100 + version[1];
}

/** "pacemaker-3.9" for 309. */
export function schemaName(number: number): string {
  return `pacemaker-${Math.floor(number / 100)}.${number % 100}`;
}

/** Feature sets ("3.16.1"): compared component by component, missing ones counting as 0. */
export function compareFeatureSets(a: string, b: string): number {
  const left = a.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const right = b.split(".").map((part) => Number.parseInt(part, 10) || 0);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
