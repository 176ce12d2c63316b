/**
 * The shell's CIB: the running cluster, a file (CIB_file) or a shadow (CIB_shadow, `cib use`). Changes are differences that
 * carry the version they were made from; status updates of the cluster in between do not count as somebody else's change.
 */
import { readdirSync } from "node:fs";
import { CrmError, isRejection } from "../../lib/base/error.ts";
import { Rc, resultText } from "../../lib/base/result-code.ts";
import { type CibDoc, cibDoc } from "../../lib/cib/document.ts";
import { applyRequest, emptyCib } from "../../lib/cib/operations.ts";
import type { Session } from "../../lib/cli/tool.ts";
import { type CibClient, connectCib } from "../../lib/client/cib.ts";
import type { CibPort, CommitOutcome, ShadowPort } from "../../lib/crm/ports.ts";
import { writeDurably } from "../../lib/runtime/disk.ts";
import { sameXml } from "../../lib/xml/diff.ts";
import { attr, child, withAttr, withChildren, type XmlElement } from "../../lib/xml/node.ts";
import { parseXmlBytes } from "../../lib/xml/parse.ts";
import { makePatchset } from "../../lib/xml/patch.ts";
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

class FileStore implements Store {
  readonly live = false;
  constructor(
    private readonly session: Session,
    readonly name: string,
    readonly path: string,
  ) {}

  async read(): Promise<CibDoc> {
    const root = parseXmlBytes(await this.session.readFile(this.path), this.path);
    if (root.name !== "cib") {
      throw new CrmError(`${this.path}: the outermost element is <${root.name}>, not <cib>`);
    }
    return cibDoc(root);
  }

  async patch(patchset: XmlElement): Promise<{ rc: number; text: string }> {
    const request = { op: "cib_apply_diff", data: patchset } as const;
    const context = { now: Math.floor(this.session.now() / 1000) };
    const outcome = applyRequest(await this.read(), request, context);
    if (isRejection(outcome)) return { rc: outcome.rc, text: outcome.text };
    this.write(outcome.doc);
    return { rc: 0, text: "" };
  }

  write(doc: CibDoc): void {
    const data = new TextEncoder().encode(writeXml(doc.root));
    const failed = writeDurably(this.path, data, { mode: 0o600 });
    if (failed !== undefined) throw new CrmError(`${this.path}: ${failed.text}`);
  }
}

class LiveStore implements Store {
  readonly name = "live";
  readonly live = true;
  #client: CibClient | undefined;
  constructor(private readonly session: Session) {}

  async read(): Promise<CibDoc> {
    return await (await this.#connected()).document();
  }

  async patch(patchset: XmlElement): Promise<{ rc: number; text: string }> {
    const { rc } = await (await this.#connected()).call({ op: "cib_apply_diff", data: patchset });
    return { rc, text: resultText(rc) };
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  async #connected(): Promise<CibClient> {
    if (this.#client === undefined) {
      this.#client = await connectCib(this.session);
      this.#client.connection.onClose = () => {
        this.#client = undefined;
      };
    }
    return this.#client;
  }
}

/** The CIB in use and its shadows. `close` ends the connection to the cluster. */
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
    this.#folder = session.env["CIB_shadow_dir"] ?? "/var/lib/pacemaker/cib";
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
      const names = readdirSync(this.#folder).filter((n) => /^shadow\.[\w-]+$/.test(n));
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
    store.write(options.empty ? emptyCib() : await this.#main.read());
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
    const failed = writeDurably(store.path, undefined);
    if (failed !== undefined) throw new CrmError(`${store.path}: ${failed.text}`);
  }

  liveDoc(): Promise<CibDoc> {
    return this.#main.read();
  }

  read(name: string): Promise<CibDoc> {
    return this.#named(name).read();
  }

  close(): void {
    if (this.#main instanceof LiveStore) this.#main.close();
  }

  #named(name: string): FileStore {
    return new FileStore(this.#session, name, `${this.#folder}/shadow.${name}`);
  }
}
