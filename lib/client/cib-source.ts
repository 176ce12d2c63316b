/**
 * Where a tool's CIB comes from: a file (-x, CIB_file), a shadow copy (CIB_shadow) or the running cluster; behind one
 * interface, so that every tool works on all of them (spec/outputs-and-tools.md D0.4, D4). What only some of them need is
 * loaded when it is needed.
 */
import { CrmError, isRejection } from "../base/error.ts";
import { Exit } from "../base/exit.ts";
import { Errno, Rc, resultText } from "../base/result-code.ts";
import { type CibDoc, cibDoc } from "../cib/document.ts";
import type { AclNote, CibRequest } from "../cib/request.ts";
import type { Session } from "../cli/tool.ts";
import type { XmlElement } from "../xml/node.ts";
import { parseXmlBytes, XmlError } from "../xml/parse.ts";
import { writeXml } from "../xml/write.ts";
import type { CibClient } from "./cib.ts";
import { CibSourceError } from "./cib-error.ts";

/** What came of a request. */
export interface CibAnswer {
  /** Result code of lib/base/result-code.ts; 0 is success. */
  readonly rc: number;
  /** The answer's document, or the one that explains a failure. */
  readonly result: XmlElement | undefined;
  /** More than the result code's text, where known: which element, which version. */
  readonly why: string | undefined;
}

/** One CIB, wherever it lives. */
export interface CibSource {
  readonly kind: "file" | "shadow" | "live";
  /** Reads or changes. Rejects only when the connection is lost (IpcError) or a file cannot be written (CrmError). */
  apply(request: CibRequest): Promise<CibAnswer>;
  /** The whole CIB. Rejects with CibSourceError. */
  document(): Promise<CibDoc>;
  close(): void;
}

export interface CibSourceOptions {
  /** Act as this user. */
  readonly user?: string | undefined;
  /** A file that goes before the environment. */
  readonly file?: string | undefined;
  /** Ignore CIB_shadow: the CIB that shadow copies are made of. */
  readonly ignoreShadow?: boolean;
  /** Only read: for daemons it opens the door for queries. */
  readonly readOnly?: boolean;
}

const STATE_DIRECTORY = "/var/lib/pacemaker/cib";

/** The folder of shadow copies. */
export function shadowDirectory(session: Session): string {
  const given = session.env["CIB_shadow_dir"];
  if (given !== undefined && given !== "") return given;
  return session.user.uid === 0 ? STATE_DIRECTORY : `${session.env["HOME"] ?? "/tmp"}/.cib`;
}

/** The file of a shadow copy. Its name may not lead elsewhere. */
export function shadowPath(session: Session, name: string): string {
  if (name.includes("/") || name === "") {
    throw new CrmError(`'${name}' is no name for a shadow copy`, Exit.usage);
  }
  return `${shadowDirectory(session)}/shadow.${name}`;
}

/** Opens the CIB that options and environment name. Rejects with CibSourceError or IpcError. */
export async function openCib(
  session: Session,
  options: CibSourceOptions = {},
): Promise<CibSource> {
  const user = options.user ?? session.env["CIB_user"];
  if (options.file !== undefined) return openFile(session, options.file, "file", user);
  const shadow = session.env["CIB_shadow"];
  if (options.ignoreShadow !== true && shadow !== undefined && shadow !== "") {
    return openFile(session, shadowPath(session, shadow), "shadow", user);
  }
  const file = session.env["CIB_file"];
  if (file !== undefined && file !== "") return openFile(session, file, "file", user);
  const { connectCib } = await import("./cib.ts");
  return new LiveSource(
    await connectCib(session, options.readOnly === true ? "cib_ro" : "cib_rw"),
    user,
  );
}

const STANDARD_INPUT = "-";

/** Reads a CIB from a file; "-" is standard input. Rejects with CibSourceError: ENXIO when missing, unpackError when it is no XML. */
export async function readCibFile(session: Session, path: string): Promise<CibDoc> {
  if (path !== STANDARD_INPUT && !session.exists(path)) {
    throw new CibSourceError(Errno.ENXIO, `${path}: ${resultText(Errno.ENOENT)}`);
  }
  const data = path === STANDARD_INPUT ? await session.readStdin() : await session.readFile(path);
  try {
    const root = parseXmlBytes(data, path, { comments: true });
    if (root.name === "cib") return cibDoc(root);
    const text = `${path}: the outermost element is <${root.name}>, not <cib>`;
    throw new CibSourceError(Rc.unpackError, text);
  } catch (error) {
    if (error instanceof XmlError) throw new CibSourceError(Rc.unpackError, error.message);
    throw error;
  }
}

async function openFile(
  session: Session,
  path: string,
  kind: "file" | "shadow",
  user: string | undefined,
): Promise<CibSource> {
  return new FileSource(session, path, kind, user, await readCibFile(session, path));
}

/** A file is read once and written after each change. */
class FileSource implements CibSource {
  readonly kind: "file" | "shadow";
  readonly #session: Session;
  readonly #path: string;
  readonly #user: string | undefined;
  #doc: CibDoc;

  constructor(
    session: Session,
    path: string,
    kind: "file" | "shadow",
    user: string | undefined,
    doc: CibDoc,
  ) {
    this.#session = session;
    this.#path = path;
    this.kind = kind;
    this.#user = user;
    this.#doc = doc;
  }

  async apply(request: CibRequest): Promise<CibAnswer> {
    const { applyRequest } = await import("../cib/operations.ts");
    const now = Math.floor(this.#session.now() / 1000);
    const outcome = applyRequest(this.#doc, request, { now, aclUser: this.#user });
    this.#trace(outcome.aclNotes ?? []);
    if (isRejection(outcome)) {
      return { rc: outcome.rc, result: outcome.result, why: outcome.text };
    }
    if (outcome.changed) await this.#save(outcome.doc);
    return { rc: Rc.ok, result: outcome.result, why: undefined };
  }

  async document(): Promise<CibDoc> {
    if (this.#user === undefined) return this.#doc;
    return documentOf(await this.apply({ op: "cib_query" }));
  }

  /** PCMK_trace_functions names what shall be told about; administrators use it to debug access rules. */
  #trace(notes: readonly AclNote[]): void {
    const traced = (this.#session.env["PCMK_trace_functions"] ?? "").split(",");
    for (const { source, text } of notes) {
      if (traced.includes(source)) this.#session.warn(`${source} \ttrace: ${text}\n`);
    }
  }

  async #save(doc: CibDoc): Promise<void> {
    if (this.#path === STANDARD_INPUT) {
      throw new CibSourceError(Errno.EINVAL, "a CIB from standard input cannot be changed");
    }
    await this.#session.writeFile(this.#path, writeXml(doc.root), 0o600);
    // The manager's own file carries a digest; a change from outside must keep it true.
    if (this.#path.endsWith("/cib.xml") && this.#session.exists(`${this.#path}.sig`)) {
      const { onDiskDigest } = await import("../xml/digest.ts");
      await this.#session.writeFile(`${this.#path}.sig`, onDiskDigest(doc.root), 0o600);
    }
    this.#doc = doc;
  }

  close(): void {}
}

/** The running cluster. */
class LiveSource implements CibSource {
  readonly kind = "live";
  readonly #client: CibClient;
  readonly #user: string | undefined;

  constructor(client: CibClient, user: string | undefined) {
    this.#client = client;
    this.#user = user;
  }

  async apply(request: CibRequest): Promise<CibAnswer> {
    const reply = await this.#client.call({
      op: request.op,
      ...(request.section === undefined ? {} : { section: request.section }),
      ...(request.data === undefined ? {} : { data: request.data }),
      ...(request.options === undefined ? {} : { options: request.options }),
      ...(this.#user === undefined ? {} : { user: this.#user }),
    });
    return { rc: reply.rc, result: reply.data, why: undefined };
  }

  async document(): Promise<CibDoc> {
    if (this.#user === undefined) return this.#client.document();
    return documentOf(await this.apply({ op: "cib_query" }));
  }

  close(): void {
    this.#client.close();
  }
}

function documentOf(answer: CibAnswer): CibDoc {
  if (answer.rc !== 0 || answer.result === undefined) {
    throw new CibSourceError(answer.rc, resultText(answer.rc));
  }
  return cibDoc(answer.result);
}
