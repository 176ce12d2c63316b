/**
 * A CIB version: the root element and its version triple. Immutable; making a new version copies only the changed path.
 */
import { attr, child, withAttr, type XmlElement } from "../xml/node.ts";

/** admin_epoch, epoch, num_updates: compared in this order. */
export interface CibVersion {
  readonly adminEpoch: number;
  readonly epoch: number;
  readonly numUpdates: number;
}

/** A whole CIB. `root` is the `<cib>` element. */
export interface CibDoc {
  readonly root: XmlElement;
  readonly version: CibVersion;
}

function count(root: XmlElement, name: string): number {
  const value = Number.parseInt(attr(root, name) ?? "0", 10);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** Wraps a `<cib>` element; missing or unreadable version attributes count as 0. */
export function cibDoc(root: XmlElement): CibDoc {
  return {
    root,
    version: {
      adminEpoch: count(root, "admin_epoch"),
      epoch: count(root, "epoch"),
      numUpdates: count(root, "num_updates"),
    },
  };
}

/** Negative when a is older than b, positive when newer, 0 when equal. */
export function compareVersions(a: CibVersion, b: CibVersion): number {
  return a.adminEpoch - b.adminEpoch || a.epoch - b.epoch || a.numUpdates - b.numUpdates;
}

/** One version more: of the configuration (epoch), or of the status (num_updates, by so many changes). */
export function raiseVersion(root: XmlElement, configuration: boolean, updates = 1): XmlElement {
  const { epoch, numUpdates } = cibDoc(root).version;
  if (!configuration) return withAttr(root, "num_updates", String(numUpdates + updates));
  return withAttr(withAttr(root, "epoch", String(epoch + 1)), "num_updates", "0");
}

/** "admin_epoch.epoch.num_updates", as the logs write it. */
export function versionText(v: CibVersion): string {
  return `${v.adminEpoch}.${v.epoch}.${v.numUpdates}`;
}

/** /cib/configuration/SECTION or /cib/status. */
export function section(doc: CibDoc, name: string): XmlElement | undefined {
  if (name === "status" || name === "configuration") return child(doc.root, name);
  const configuration = child(doc.root, "configuration");
  return configuration === undefined ? undefined : child(configuration, name);
}
