/** The configuration as a person edits it: what was read and what came of it so far. lib/crm/edit.ts changes it. */
import type { CibDoc } from "../cib/document.ts";
import { sameXml } from "../xml/diff.ts";
import type { XmlElement } from "../xml/node.ts";

/** The document as read and as edited. */
export interface WorkingCopy {
  readonly base: CibDoc;
  readonly root: XmlElement;
}

export function openCopy(base: CibDoc): WorkingCopy {
  return { base, root: base.root };
}

export function isChanged(copy: WorkingCopy): boolean {
  // Changes that were taken back leave nothing to commit; shared parts make the comparison cheap.
  return copy.root !== copy.base.root && !sameXml(copy.root, copy.base.root);
}
