/**
 * What an installation is, as data: a list of things that must be in place, in order. cmd/quorate/install.ts carries the
 * list out, `quorate uninstall` its inverse, and lib/lab puts the same list into the hosts of a lab as a shell script.
 */

export interface DirectoryStep {
  readonly kind: "directory";
  readonly path: string;
  readonly mode: number;
  /** Group that owns it where that group exists. */
  readonly group?: string;
  /** "empty": removed when empty; "data": stays unless --purge is given; "never": belongs to the system. */
  readonly removal: "empty" | "data" | "never";
}

export interface FileStep {
  readonly kind: "file";
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** The binary itself: copied under a new name, then renamed, so that a running one is not disturbed. */
export interface CopyStep {
  readonly kind: "copy";
  readonly from: string;
  readonly path: string;
  readonly mode: number;
}

export interface LinkStep {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
}

/** A system group; made with groupadd where it is missing. */
export interface GroupStep {
  readonly kind: "group";
  readonly name: string;
}

export type InstallStep = DirectoryStep | FileStep | CopyStep | LinkStep | GroupStep;

/** What uninstall does with one step, in reverse order of installation. */
export type RemoveStep =
  /** Remove the file only if it still has this text; undefined: whatever it holds. */
  | { readonly kind: "remove-file"; readonly path: string; readonly text?: string }
  /** Remove the link only if it still points here. */
  | { readonly kind: "remove-link"; readonly path: string; readonly target: string }
  | { readonly kind: "remove-empty-directory"; readonly path: string }
  | { readonly kind: "remove-tree"; readonly path: string };

/**
 * The inverse of an installation. Groups stay (files elsewhere may belong to them); data folders that hold something
 * (CIB, logs, ring state) stay unless `purge`. A file that an administrator changed stays too.
 */
export function inverse(steps: readonly InstallStep[], purge: boolean): readonly RemoveStep[] {
  const removals: RemoveStep[] = [];
  for (const step of [...steps].reverse()) {
    switch (step.kind) {
      case "file":
        removals.push({ kind: "remove-file", path: step.path, text: step.text });
        break;
      case "copy":
        removals.push({ kind: "remove-file", path: step.path });
        break;
      case "link":
        removals.push({ kind: "remove-link", path: step.path, target: step.target });
        break;
      case "directory":
        if (step.removal === "data" && purge) {
          removals.push({ kind: "remove-tree", path: step.path });
        } else if (step.removal !== "never") {
          removals.push({ kind: "remove-empty-directory", path: step.path });
        }
        break;
      case "group":
        break;
    }
  }
  return removals;
}
