/**
 * Who besides root may connect: uidgid sections of corosync.conf and of the files in uidgid.d beside it. Names become
 * numbers here, since clients are known by numbers.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkConf } from "../../lib/conf/check.ts";
import { type CorosyncConfig, problemText } from "../../lib/conf/config.ts";
import { entryOf, parseConf, sectionsOf } from "../../lib/conf/tree.ts";

type Allowed = CorosyncConfig["allowed"];

/** Number of a user or group by name; undefined when there is none. */
function numberOf(table: string, name: string): string | undefined {
  if (/^\d+$/.test(name)) return name;
  const rows = readFileSync(table, "utf8").split("\n");
  return rows.map((row) => row.split(":")).find((row) => row[0] === name)?.[2];
}

/** The uidgid sections of all files of the folder; what is wrong is thrown as text. */
function fromFolder(folder: string): Allowed {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const file = join(folder, name);
      const tree = parseConf(readFileSync(file, "utf8"));
      const [problem] = [...tree.problems, ...checkConf(tree.children)];
      if (problem !== undefined) throw new Error(problemText(file, problem));
      return sectionsOf(tree.children, "uidgid").map(({ children }) => {
        const uid = entryOf(children, "uid")?.value;
        const gid = entryOf(children, "gid")?.value;
        return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
      });
    });
}

/** Everybody who may connect, as numbers. Throws an error for people when a name is unknown or a file malformed. */
export function allowedAccounts(config: CorosyncConfig): Allowed {
  const all = [...config.allowed, ...fromFolder(join(dirname(config.file), "uidgid.d"))];
  return all.map(({ uid, gid }) => {
    const user = uid === undefined ? undefined : numberOf("/etc/passwd", uid);
    const group = gid === undefined ? undefined : numberOf("/etc/group", gid);
    if (uid !== undefined && user === undefined) throw new Error(`uidgid: there is no user ${uid}`);
    if (gid !== undefined && group === undefined) {
      throw new Error(`uidgid: there is no group ${gid}`);
    }
    return {
      ...(user === undefined ? {} : { uid: user }),
      ...(group === undefined ? {} : { gid: group }),
    };
  });
}
