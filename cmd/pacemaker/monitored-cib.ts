/** Where crm_mon gets its CIB: a file, or the live cluster with a wake-up at every change. */
import { CrmError } from "../../lib/base/error.ts";
import { Exit, type ExitCode } from "../../lib/base/exit.ts";
import { Errno, exitOfResult } from "../../lib/base/result-code.ts";
import { type CibDoc, cibDoc } from "../../lib/cib/document.ts";
import type { Session } from "../../lib/cli/tool.ts";
import { type CibClient, connectCib } from "../../lib/client/cib.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { connectLauncher, LAUNCHER_STATES } from "../../lib/client/pacemakerd.ts";
import { IpcError } from "../../lib/client/transport.ts";
import { parseXml } from "../../lib/xml/parse.ts";

export interface Monitored {
  /** The CIB now; undefined while there is no connection (`reason` says why). */
  read(): Promise<CibDoc | undefined>;
  /** Resolves at the next change, or after this time. */
  changed(timeoutMs: number): Promise<void>;
  /** Words for the state of the daemons; "" when not asked (files). */
  readonly daemonState: string;
  readonly reason: string;
  /** Exit code that belongs to the reason. */
  readonly exit: ExitCode;
  close(): void;
}

/** Changes closer together than this are shown together. */
const SETTLE_MS = 100;

async function fileCib(session: Session, path: string): Promise<Monitored> {
  const data = path === "-" ? await session.readStdin() : await session.readFile(path);
  const root = parseXml(new TextDecoder().decode(data), path);
  if (root.name !== "cib") {
    const text = `${path}: the outermost element is <${root.name}>, not <cib>`;
    throw new CrmError(text, Exit.dataError);
  }
  return {
    read: async () => cibDoc(root),
    changed: (timeoutMs) => session.sleep(timeoutMs),
    daemonState: "",
    reason: "",
    exit: Exit.ok,
    close: () => {},
  };
}

/** The running cluster. It reconnects by itself, so a display survives a restart of the manager. */
class LiveCib implements Monitored {
  daemonState = "";
  reason = "";
  exit: ExitCode = Exit.disconnected;
  #client: CibClient | undefined;
  #wake: (() => void) | undefined;
  #dirty = false;

  constructor(
    private readonly session: Session,
    private readonly follow: boolean,
  ) {}

  async read(): Promise<CibDoc | undefined> {
    try {
      this.#dirty = false;
      this.#client ??= await this.#open();
      return await this.#client.document();
    } catch (error) {
      if (!(error instanceof IpcError)) throw error;
      this.reason = error.message;
      this.exit = exitOfResult(resultCodeOf(error) ?? Errno.ENOTCONN);
      this.#client?.close();
      this.#client = undefined;
      return undefined;
    }
  }

  async changed(timeoutMs: number): Promise<void> {
    if (!this.#dirty) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, this.session.sleep(timeoutMs)]);
      this.#wake = undefined;
    }
    if (this.#dirty) await this.session.sleep(SETTLE_MS);
  }

  close(): void {
    this.#client?.close();
  }

  async #open(): Promise<CibClient> {
    this.daemonState = await this.#askLauncher();
    const client = await connectCib(this.session, "cib_ro");
    const changed = () => {
      this.#dirty = true;
      this.#wake?.();
    };
    client.onChange = changed;
    client.onReplace = changed;
    client.connection.onClose = () => {
      this.#client = undefined;
      changed();
    };
    if (this.follow) await client.subscribe();
    return client;
  }

  async #askLauncher(): Promise<string> {
    const launcher = await connectLauncher(this.session);
    try {
      return LAUNCHER_STATES[(await launcher.ping()).state] ?? "Invalid pacemakerd state";
    } finally {
      launcher.close();
    }
  }
}

/** `follow` asks for wake-ups. A file given as -x, or by CIB_file, is read once. */
export async function openMonitored(
  session: Session,
  file: string | undefined,
  follow: boolean,
): Promise<Monitored> {
  const path = file ?? session.env["CIB_file"];
  return path === undefined ? new LiveCib(session, follow) : await fileCib(session, path);
}
