/** Finds the compiled binary, for what copies it or shows it to the hosts of a lab. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";

/** Modules of a compiled binary live here. */
const COMPILED = "/$bunfs/";

/** The binary that runs now; from the sources, the one that `npm run build` made. Throws when there is none. */
export function ownBinary(): string {
  if (import.meta.path.startsWith(COMPILED)) return process.execPath;
  const built = resolve(import.meta.dir, "../../dist/quorate");
  if (existsSync(built)) return built;
  throw new CrmError(`there is no ${built}; \`npm run build\` makes it`, Exit.notInstalled);
}
