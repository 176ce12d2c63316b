/** The CIB on disk (spec D4): what is written, what counts after damage and after a crash inside a write. */
import { describe, expect, test } from "bun:test";
import { type CibDoc, cibDoc, versionText } from "../../../../lib/cib/document.ts";
import { emptyCib } from "../../../../lib/cib/empty.ts";
import {
  loadStored,
  numbersEffect,
  numbersText,
  storeEffects,
} from "../../../../lib/pacemakerd/cib/store.ts";
import { withAttr } from "../../../../lib/xml/node.ts";

const FOLDER = "/cib";

class Files {
  readonly all = new Map<string, Uint8Array>();
  private previous: { text: Uint8Array; digest: string } | undefined;
  private sequence = 0;

  /** Writes a version; only the first `count` files when given. */
  write(doc: CibDoc, count = Number.POSITIVE_INFINITY): void {
    const write = storeEffects(FOLDER, doc, this.previous, this.sequence);
    for (const effect of write.effects.slice(0, count)) this.all.set(effect.path, effect.data!);
    this.previous = write;
    this.sequence = write.backupSequence;
  }

  load() {
    return loadStored(FOLDER, (path) => this.all.get(path));
  }
}

function version(epoch: number): CibDoc {
  return cibDoc(withAttr(emptyCib().root, "epoch", String(epoch)));
}

describe("the CIB on disk", () => {
  test("nothing there is no error", () => {
    expect(new Files().load()).toEqual({
      cib: undefined,
      quorateSeq: 0,
      promised: 0,
      quoratePosition: 0,
      withoutQuorum: "",
      backupSequence: 0,
      errors: [],
    });
  });

  test("what was written comes back, without the volatile part of the version", () => {
    const files = new Files();
    files.write(version(3));
    const numbers = { quorateSeq: 22, promised: 23, quoratePosition: 4, withoutQuorum: "0.3.0" };
    const seq = numbersEffect(FOLDER, numbersText(numbers));
    files.all.set(seq.path, seq.data!);
    const loaded = files.load();
    expect(versionText(loaded.cib!.version)).toBe("0.3.0");
    expect(loaded).toMatchObject(numbers);
    expect(loaded.errors).toEqual([]);
  });

  test("a damaged file: the newest good backup, and errors that say so", () => {
    const files = new Files();
    for (const epoch of [3, 4, 5]) files.write(version(epoch));
    const path = `${FOLDER}/cib.xml`;
    files.all.set(path, files.all.get(path)!.slice(0, 40));
    const loaded = files.load();
    expect(versionText(loaded.cib!.version)).toBe("0.4.0");
    expect(loaded.errors[0]).toContain("/cib/cib.xml");
    expect(loaded.errors[1]).toContain("/cib/cib-1.raw");
  });

  test("a file changed by hand is damaged too", () => {
    const files = new Files();
    files.write(version(3));
    const path = `${FOLDER}/cib.xml`;
    const text = new TextDecoder().decode(files.all.get(path)!).replace('epoch="3"', 'epoch="9"');
    files.all.set(path, new TextEncoder().encode(text));
    const loaded = files.load();
    expect(loaded.cib).toBeUndefined();
    expect(loaded.errors[0]).toContain("does not match its digest");
  });

  test("a crash after any write leaves the old or the new version, never an error", () => {
    for (let count = 0; count <= 8; count++) {
      const files = new Files();
      files.write(version(3));
      files.write(version(4));
      files.write(version(5), count);
      const loaded = files.load();
      expect(loaded.errors).toEqual([]);
      expect(["0.4.0", "0.5.0"]).toContain(versionText(loaded.cib!.version));
    }
  });
});
