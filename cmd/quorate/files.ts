/** Carries out an installation's list of steps (lib/install) on the real file system, and its inverse. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import type { InstallStep, RemoveStep } from "../../lib/install/steps.ts";

/** Number of a group by name; undefined when the machine has none of that name. */
function groupNumber(name: string): number | undefined {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((l) => l.startsWith(`${name}:`));
  const number = Number(line?.split(":")[2]);
  return line === undefined || !Number.isInteger(number) ? undefined : number;
}

function kindOf(path: string): "none" | "link" | "directory" | "file" {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "none";
  if (stat.isSymbolicLink()) return "link";
  return stat.isDirectory() ? "directory" : "file";
}

function makeGroup(name: string): string | undefined {
  if (groupNumber(name) !== undefined) return undefined;
  if (process.getuid?.() !== 0 || Bun.which("groupadd") === null) {
    return `the group ${name} is missing; \`groupadd -r ${name}\` makes it`;
  }
  Bun.spawnSync(["groupadd", "--system", name], { stdin: "ignore", stdout: "ignore" });
  return undefined;
}

/** A file becomes visible whole or not at all. */
function replaceFile(path: string, mode: number, write: (temporary: string) => void): void {
  const temporary = `${path}.quorate-new`;
  write(temporary);
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}

function place(step: InstallStep): string | undefined {
  switch (step.kind) {
    case "group":
      return makeGroup(step.name);
    case "directory": {
      const fresh = !existsSync(step.path);
      mkdirSync(step.path, { recursive: true });
      if (fresh) {
        chmodSync(step.path, step.mode);
        const group = step.group === undefined ? undefined : groupNumber(step.group);
        if (group !== undefined && process.getuid?.() === 0) chownSync(step.path, 0, group);
      }
      return undefined;
    }
    case "file":
      replaceFile(step.path, step.mode, (to) => writeFileSync(to, step.text));
      return undefined;
    case "copy":
      replaceFile(step.path, step.mode, (to) => copyFileSync(step.from, to));
      return undefined;
    case "link": {
      const kind = kindOf(step.path);
      if (kind === "file" || kind === "directory") {
        return `${step.path} is there already and is no link; it was left alone`;
      }
      if (kind === "link") unlinkSync(step.path);
      symlinkSync(step.target, step.path);
      return undefined;
    }
  }
}

function pathOf(step: InstallStep | RemoveStep): string {
  return "path" in step ? step.path : step.name;
}

function refused(step: InstallStep | RemoveStep, error: unknown): CrmError {
  const { code, message } = error as { code?: string; message?: string };
  const denied = code === "EACCES" || code === "EPERM" || code === "EROFS";
  return new CrmError(
    denied
      ? `no right to change ${pathOf(step)}; run it as root, or give --root DIR and --prefix DIR`
      : `${pathOf(step)}: ${message ?? String(error)}`,
    denied ? Exit.insufficientPrivileges : Exit.cannotCreate,
  );
}

/** Carries out an installation in order. Returns notes for people; throws CrmError at the first step that fails. */
export function carryOutInstall(steps: readonly InstallStep[]): readonly string[] {
  const notes: string[] = [];
  for (const step of steps) {
    try {
      const note = place(step);
      if (note !== undefined) notes.push(note);
    } catch (error) {
      throw refused(step, error);
    }
  }
  return notes;
}

function remove(step: RemoveStep): string | undefined {
  const kind = kindOf(step.path);
  switch (step.kind) {
    case "remove-file":
      if (kind !== "file") return undefined;
      if (step.text !== undefined && readFileSync(step.path, "utf8") !== step.text) {
        return `${step.path} was changed; it stays`;
      }
      unlinkSync(step.path);
      return undefined;
    case "remove-link":
      if (kind === "link" && readlinkSync(step.path) === step.target) unlinkSync(step.path);
      return undefined;
    case "remove-empty-directory":
      try {
        if (kind === "directory") rmdirSync(step.path);
      } catch (error) {
        const code = (error as { code?: string }).code;
        if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
        return `${step.path} is not empty; it stays`;
      }
      return undefined;
    case "remove-tree":
      rmSync(step.path, { recursive: true, force: true });
      return undefined;
  }
}

/** Carries out the inverse of an installation; notes name what stays. */
export function carryOutRemoval(steps: readonly RemoveStep[]): readonly string[] {
  const notes: string[] = [];
  for (const step of steps) {
    try {
      const note = remove(step);
      if (note !== undefined) notes.push(note);
    } catch (error) {
      throw refused(step, error);
    }
  }
  return notes;
}
