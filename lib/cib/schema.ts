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
  const match = /^pacemaker-(\d+)\.(\d+)$/.exec(validateWith ?? "");
  if (match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const highest = HIGHEST_MINOR[major];
  return highest !== undefined && minor <= highest ? major * 100 + minor : undefined;
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
