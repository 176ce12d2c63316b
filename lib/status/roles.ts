/** Roles and their order (spec/scheduler-1, head; spec/scheduler-2 section 0.3). Comparisons between roles use the numbers. */

export const Role = { unknown: 0, stopped: 1, started: 2, unpromoted: 3, promoted: 4 } as const;

export type Role = (typeof Role)[keyof typeof Role];

const NAMES = ["Unknown", "Stopped", "Started", "Unpromoted", "Promoted"] as const;

/** The word the tools print. */
export function roleText(role: Role): string {
  return NAMES[role];
}

/** Reads a role word, old spellings included; undefined when it is none. */
export function parseRole(text: string): Role | undefined {
  switch (text.toLowerCase()) {
    case "started":
      return Role.started;
    case "stopped":
      return Role.stopped;
    case "unpromoted":
    case "slave":
      return Role.unpromoted;
    case "promoted":
    case "master":
      return Role.promoted;
    case "unknown":
      return Role.unknown;
    default:
      return undefined;
  }
}
