/**
 * The shell's CIB: the running cluster, a file (CIB_file) or a shadow (CIB_shadow, `cib use`). Changes are differences that
 * carry the version they were made from; status updates of the cluster in between do not count as somebody else's change.
 */
import { CrmError } from "../../lib/base/error.ts";
import { Rc, resultText } from "../../lib/base/result-code.ts";
import { type CibDoc, cibDoc } from "../../lib/cib/document.ts";
import { emptyCib } from "../../lib/cib/empty.ts";
import type { Session } from "../../lib/cli/tool.ts";
import {
  type CibSource,
  openCib,
  readCibFile,
  shadowDirectory,
  shadowPath,
} from "../../lib/client/cib-source.ts";
import { IpcError } from "../../lib/client/transport.ts";
import type { CibPort, CommitOutcome, ShadowPort } from "../../lib/crm/ports.ts";
import { nodeFs } from "../../lib/runtime/builtin.ts";
import { sameXml } from "../../lib/xml/diff.ts";
import { attr, child, withAttr, withChildren, type XmlElement } from "../../lib/xml/node.ts";
import { writeXml } from "../../lib/xml/write.ts";

/** How often a change is made again on a newer version before giving up. */
const ATTEMPTS = 10;

/** Where a document lives. */
interface Store {
  readonly name: string;
  readonly live: boolean;
  read(): Promise<CibDoc>;
  /** Applies a patchset; the result code, 0 when done, and words for it. */
  patch(patchset: XmlElement): Promise<{ readonly rc: number; readonly text: string }>;
}

function configuration(root: XmlElement): XmlElement | undefined {
  return child(root, "configuration");
}

/** True when nobody changed the configuration between two versions. */
function sameConfiguration(a: CibDoc, b: CibDoc): boolean {
  const [x, y] = [configuration(a.root), configuration(b.root)];
  if (x === undefined || y === undefined) return x === y;
  return attr(a.root, "validate-with") === attr(b.root, "validate-with") && sameXml(x, y);
}

/** `now` with the edited configuration, one epoch later. */
function nextVersion(now: CibDoc, edited: CibDoc): XmlElement {
  const mine = configuration(edited.root);
  const children = now.root.children.map((c) =>
    c.name === "configuration" && mine !== undefined ? mine : c,
  );
  const root = withChildren(now.root, children);
  const schema = withAttr(root, "validate-with", attr(edited.root, "validate-with"));
  const epoch = withAttr(schema, "epoch", String(now.version.epoch + 1));
  return withAttr(epoch, "num_updates", "0");
}

/** Result codes that say: not the version you meant. */
const STALE = new Set<number>([Rc.diffFailed, Rc.oldData, Rc.diffResync]);

async function commitTo(store: Store, base: CibDoc, edited: CibDoc): Promise<CommitOutcome> {
  for (let attempt = 1; ; attempt++) {
    const now = await store.read();
    if (!sameConfiguration(base, now)) return { kind: "stale", read: base.version, current: now };
    const { makePatchset } = await import("../../lib/xml/patch.ts");
    const patchset = makePatchset(now.root, nextVersion(now, edited));
    if (patchset === undefined) return { kind: "done" };
    const { rc, text } = await store.patch(patchset);
    if (rc === 0) return { kind: "done" };
    if (!STALE.has(rc) || attempt === ATTEMPTS) return { kind: "refused", text };
  }
}

async function changeIn(store: Store, edit: (doc: CibDoc) => CibDoc): Promise<CommitOutcome> {
  for (let attempt = 1; ; attempt++) {
    const base = await store.read();
    const edited = edit(base);
    if (edited === base) return { kind: "done" };
    const outcome = await commitTo(store, base, edited);
    if (outcome.kind !== "stale" || attempt === ATTEMPTS) return outcome;
  }
}

/** A file is opened anew each time: another program may have written it meanwhile. */
class FileStore implements Store {
  readonly live = false;
  readonly name: string;
  readonly path: string;
  readonly #session: Session;

  constructor(session: Session, name: string, path: string) {
    this.#session = session;
    this.name = name;
    this.path = path;
  }

  async read(): Promise<CibDoc> {
    return await readCibFile(this.#session, this.path);
  }

  async patch(patchset: XmlElement): Promise<{ rc: number; text: string }> {
    const source = await openCib(this.#session, { file: this.path });
    const { rc, why } = await source.apply({ op: "cib_apply_diff", data: patchset });
    return { rc, text: why ?? resultText(rc) };
  }

  async write(doc: CibDoc): Promise<void> {
    await this.#session.writeFile(this.path, writeXml(doc.root), 0o600);
  }
}

class LiveStore implements Store {
  readonly name = "live";
  readonly live = true;
  readonly #session: Session;
  #source: CibSource | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(): Promise<CibDoc> {
    return await this.#again((source) => source.document());
  }

  async patch(patchset: XmlElement): Promise<{ rc: number; text: string }> {
    const request = { op: "cib_apply_diff", data: patchset } as const;
    const { rc, why } = await (await this.#opened()).apply(request);
    return { rc, text: why ?? resultText(rc) };
  }

  /** A query may be repeated on a new connection, as the manager may have been restarted since the last one. */
  async #again<T>(ask: (source: CibSource) => Promise<T>): Promise<T> {
    const known = this.#source !== undefined;
    try {
      return await ask(await this.#opened());
    } catch (error) {
      this.#source?.close();
      this.#source = undefined;
      if (!known || !(error instanceof IpcError)) throw error;
      return await ask(await this.#opened());
    }
  }

  async #opened(): Promise<CibSource> {
    // The record of a change has always named the tool that crm used to call for it.
    const session: Session = { ...this.#session, program: "cibadmin" };
    this.#source ??= await openCib(session, { ignoreShadow: true });
    return this.#source;
  }
}

/** The CIB in use and its shadows. */
export class ShellCib implements CibPort, ShadowPort {
  readonly #main: FileStore | LiveStore;
  readonly #session: Session;
  readonly #folder: string;
  #shadow: FileStore | undefined;

  constructor(session: Session) {
    const file = session.env["CIB_file"];
    this.#session = session;
    this.#main =
      file === undefined || file === ""
        ? new LiveStore(session)
        : new FileStore(session, "live", file);
    this.#folder = shadowDirectory(session);
    const shadow = session.env["CIB_shadow"];
    if (shadow !== undefined && shadow !== "") this.#shadow = this.#named(shadow);
  }

  get #store(): Store {
    return this.#shadow ?? this.#main;
  }

  get name(): string {
    return this.#store.name;
  }

  get live(): boolean {
    return this.#store.live;
  }

  query(): Promise<CibDoc> {
    return this.#store.read();
  }

  async commit(base: CibDoc, edited: CibDoc): Promise<CommitOutcome>;
  async commit(name: string): Promise<CommitOutcome>;
  async commit(base: CibDoc | string, edited?: CibDoc): Promise<CommitOutcome> {
    if (typeof base !== "string") return await commitTo(this.#store, base, edited ?? base);
    const shadow = await this.#named(base).read();
    return await changeIn(this.#main, (doc) => cibDoc(nextVersion(doc, shadow)));
  }

  change(edit: (doc: CibDoc) => CibDoc): Promise<CommitOutcome> {
    return changeIn(this.#store, edit);
  }

  async list(): Promise<readonly string[]> {
    try {
      const names = nodeFs()
        .readdirSync(this.#folder)
        .filter((n) => /^shadow\.[\w-]+$/.test(n));
      return names.map((n) => n.slice("shadow.".length)).sort();
    } catch {
      return [];
    }
  }

  async create(
    name: string,
    options: { readonly force: boolean; readonly empty: boolean },
  ): Promise<void> {
    const store = this.#named(name);
    if (!options.force && this.#session.exists(store.path)) {
      throw new CrmError(`${name}: a shadow CIB of this name exists; "force" replaces it`);
    }
    await store.write(options.empty ? emptyCib() : await this.#main.read());
  }

  async use(name: string | undefined): Promise<void> {
    if (name === undefined) {
      this.#shadow = undefined;
      return;
    }
    const store = this.#named(name);
    if (!this.#session.exists(store.path)) throw new CrmError(`${name}: no such shadow CIB`);
    this.#shadow = store;
  }

  async remove(name: string): Promise<void> {
    const store = this.#named(name);
    if (!this.#session.exists(store.path)) throw new CrmError(`${name}: no such shadow CIB`);
    await this.#session.removeFile(store.path);
  }

  liveDoc(): Promise<CibDoc> {
    return this.#main.read();
  }

  read(name: string): Promise<CibDoc> {
    return this.#named(name).read();
  }

  #named(name: string): FileStore {
    return new FileStore(this.#session, name, shadowPath(this.#session, name));
  }
}
