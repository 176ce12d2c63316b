/**
 * The CIB on disk: what is written at a change, and what counts at start (spec D4).
 * The quorate sequence has a file of its own, written after the CIB it belongs to (HOUSE rule 2).
 */

import type { PersistEffect } from "../../base/core.ts";
import { CrmError } from "../../base/error.ts";
import { type CibDoc, cibDoc } from "../../cib/document.ts";
import { onDiskDigest } from "../../xml/digest.ts";
import { child, withAttr, withChild, withChildren, type XmlElement } from "../../xml/node.ts";
import { parseXml } from "../../xml/parse.ts";
import { writeXml } from "../../xml/write.ts";
import type { StoredState } from "../api.ts";

/**
 * Digest of what cib.xml is about to hold: written first, so that a crash between cib.xml and its digest is not taken for
 * damage. Differs: the originals have no such file and fall back to a backup then.
 */
const NEXT_SIG = "cib.next.sig";
/** Backups wrap at this number. */
const BACKUPS = 100;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false });

function withoutStatus(root: XmlElement): XmlElement {
  const status = child(root, "status");
  const bare = status === undefined ? root : withChild(root, status, withChildren(status, []));
  return withAttr(bare, "num_updates", "0");
}

export interface StoreWrite {
  readonly effects: readonly PersistEffect[];
  readonly backupSequence: number;
  /** What cib.xml holds afterwards, for the next backup. */
  readonly text: Uint8Array;
  readonly digest: string;
}

/** Files to write for this version. `previous` is what cib.xml held until now. */
export function storeEffects(
  folder: string,
  doc: CibDoc,
  previous: { readonly text: Uint8Array; readonly digest: string } | undefined,
  backupSequence: number,
): StoreWrite {
  const root = withoutStatus(doc.root);
  const digest = onDiskDigest(root);
  const text = encoder.encode(writeXml(root));
  const file = (path: string, data: Uint8Array): PersistEffect => ({
    kind: "persist",
    path: `${folder}/${path}`,
    data,
    mode: 0o600,
  });
  const effects: PersistEffect[] = [];
  let sequence = backupSequence;
  if (previous !== undefined) {
    effects.push(file(`cib-${sequence}.raw`, previous.text));
    effects.push(file(`cib-${sequence}.raw.sig`, encoder.encode(previous.digest)));
    sequence = (sequence + 1) % BACKUPS;
    effects.push(file("cib.last", encoder.encode(String(sequence))));
  }
  effects.push(file(NEXT_SIG, encoder.encode(digest)));
  effects.push(file("cib.xml", text));
  effects.push(file("cib.xml.sig", encoder.encode(digest)));
  return { effects, backupSequence: sequence, text, digest };
}

/** What quorate.seq holds: rank and promise (durable.ts). */
export interface Numbers {
  readonly quorateSeq: number;
  readonly promised: number;
  readonly quoratePosition: number;
  /** Version of the last change that was accepted without quorum since; "" = none. */
  readonly withoutQuorum: string;
}

/** The text of quorate.seq. */
export function numbersText(numbers: Numbers): string {
  const { quorateSeq, promised, quoratePosition, withoutQuorum } = numbers;
  return `${quorateSeq} ${promised} ${quoratePosition} ${withoutQuorum}`.trimEnd();
}

/** The file of rank and promise. */
export function numbersEffect(folder: string, text: string): PersistEffect {
  const data = encoder.encode(`${text}\n`);
  return { kind: "persist", path: `${folder}/quorate.seq`, data, mode: 0o600 };
}

function readNumbers(text: string): Numbers {
  const [seq, promised, position, version] = text.trim().split(" ");
  const quorateSeq = countOf(seq);
  return {
    quorateSeq,
    promised: Math.max(quorateSeq, countOf(promised)),
    quoratePosition: countOf(position),
    withoutQuorum: version ?? "",
  };
}

/** How files are read at start; undefined = not there. */
export type ReadFile = (path: string) => Uint8Array | undefined;

function countOf(text: string | undefined): number {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function readNumber(read: ReadFile, path: string): number {
  const data = read(path);
  return data === undefined ? 0 : countOf(decoder.decode(data));
}

function readDigest(read: ReadFile, path: string): string {
  const data = read(path);
  return data === undefined ? "" : decoder.decode(data).trim().toLowerCase();
}

function readCib(
  read: ReadFile,
  path: string,
  digests: readonly string[],
): CibDoc | string | undefined {
  const data = read(path);
  if (data === undefined) return undefined;
  try {
    const root = parseXml(decoder.decode(data), path);
    if (root.name !== "cib") return `${path} holds <${root.name}>, not <cib>`;
    if (!digests.includes(onDiskDigest(root))) {
      return `${path} does not match its digest ${path}.sig`;
    }
    return cibDoc(root);
  } catch (error) {
    if (error instanceof CrmError) return error.message;
    throw error;
  }
}

export interface Loaded extends StoredState {
  /** Lines for the log, at level error. */
  readonly errors: readonly string[];
}

/** What the disk has: cib.xml, or when it is damaged the newest good backup. */
export function loadStored(folder: string, read: ReadFile): Loaded {
  const written = read(`${folder}/quorate.seq`);
  const numbers = readNumbers(written === undefined ? "" : decoder.decode(written));
  /** Without a CIB there is no rank, but a promise stays one. */
  const unranked = { ...readNumbers(""), promised: numbers.promised };
  const backupSequence = readNumber(read, `${folder}/cib.last`) % BACKUPS;
  const digests = [`${folder}/cib.xml.sig`, `${folder}/${NEXT_SIG}`];
  const main = readCib(
    read,
    `${folder}/cib.xml`,
    digests.map((path) => readDigest(read, path)),
  );
  if (main === undefined) return { cib: undefined, ...unranked, backupSequence, errors: [] };
  if (typeof main !== "string") return { cib: main, ...numbers, backupSequence, errors: [] };
  const errors = [main];
  for (let back = 1; back <= BACKUPS; back++) {
    const path = `${folder}/cib-${(backupSequence - back + 2 * BACKUPS) % BACKUPS}.raw`;
    const backup = readCib(read, path, [readDigest(read, `${path}.sig`)]);
    if (backup === undefined || typeof backup === "string") continue;
    errors.push(`Using the newest good backup ${path} instead`);
    // Nobody knows what of the last round it has.
    return { cib: backup, ...unranked, backupSequence, errors };
  }
  errors.push(`No good backup in ${folder}: starting with an empty configuration`);
  return { cib: undefined, ...unranked, backupSequence, errors };
}
