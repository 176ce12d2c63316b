/** Where crm_mon gets its CIB: a file, or the live cluster with a wake-up at every change. */

import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { type CibDoc, cibDoc } from "../../lib/cib/document.ts";
import type { Session } from "../../lib/cli/tool.ts";
import { parseXml } from "../../lib/xml/parse.ts";

export interface Monitored {
  /** The CIB now; undefined while there is no connection (`reason` says why). */
  read(): Promise<CibDoc | undefined>;
  /** Resolves at the next change, or after this time. */
  changed(timeoutMs: number): Promise<void>;
  /** Words for the state of the daemons; "" when not asked (files). */
  readonly daemonState: string;
  readonly reason: string;
  close(): void;
}

async function fileCib(session: Session, path: string): Promise<Monitored> {
  const data = path === "-" ? await session.readStdin() : await session.readFile(path);
  const root = parseXml(new TextDecoder().decode(data), path);
  if (root.name !== "cib") {
    throw new CrmError(
      `${path}: the outermost element is <${root.name}>, not <cib>`,
      Exit.dataError,
    );
  }
  return {
    read: async () => cibDoc(root),
    changed: (timeoutMs) => session.sleep(timeoutMs),
    daemonState: "",
    reason: "",
    close: () => {},
  };
}

/** `follow` asks for wake-ups. A file given as -x, or by CIB_file, is read once. */
export async function openMonitored(
  session: Session,
  file: string | undefined,
  _follow: boolean,
): Promise<Monitored> {
  const path = file ?? session.env["CIB_file"];
  if (path !== undefined) return await fileCib(session, path);
  throw new CrmError("live later", Exit.disconnected);
}
