/**
 * Reading and writing node attributes and options for the tools that do: crm_attribute, crm_standby, crm_failcount,
 * crm_master. Transient attributes of the running cluster go to its attribute manager, everything else into the CIB.
 */
import { CrmError } from "../../lib/base/error.ts";
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import {
  type AttributeSelector,
  deleteRequest,
  type FoundAttribute,
  findAttributes,
  setRequest,
} from "../../lib/cib/attributes.ts";
import type { CibRequest } from "../../lib/cib/operations.ts";
import type { Session } from "../../lib/cli/tool.ts";
import { connectAttributes } from "../../lib/client/attributes.ts";
import { resultCodeOf } from "../../lib/client/cib-error.ts";
import { type CibSource, openCib } from "../../lib/client/cib-source.ts";
import { attr, type XmlElement } from "../../lib/xml/node.ts";

/** Values of one CIB. */
export class AttributeAccess {
  readonly session: Session;
  readonly source: CibSource;
  #root: XmlElement;

  private constructor(session: Session, source: CibSource, root: XmlElement) {
    this.session = session;
    this.source = source;
    this.#root = root;
  }

  /** Opens the CIB of options and environment. Rejects with CrmError. */
  static async open(session: Session): Promise<AttributeAccess> {
    try {
      const source = await openCib(session);
      return new AttributeAccess(session, source, (await source.document()).root);
    } catch (error) {
      const rc = resultCodeOf(error);
      if (rc === undefined) throw error;
      const what =
        rc === Errno.EACCES ? "Error performing operation" : "Could not connect to the CIB";
      throw new CrmError(`${what}: ${resultText(rc)}`, exitOfResult(rc));
    }
  }

  get root(): XmlElement {
    return this.#root;
  }

  find(selector: AttributeSelector): readonly FoundAttribute[] {
    return findAttributes(this.#root, selector);
  }

  /** Sets a value. Rejects with CrmError. */
  async set(
    selector: AttributeSelector,
    existing: FoundAttribute | undefined,
    value: string,
  ): Promise<void> {
    const name = existing === undefined ? selector.name : attr(existing.pair, "name");
    if (await this.#throughManager(selector, name, value)) return;
    const where = `(section=${selector.section}, set=${selector.setName ?? "<null>"})`;
    await this.#apply(
      setRequest(selector, existing, value),
      `Error setting ${name ?? ""}=${value} ${where}`,
    );
  }

  /** Deletes a value. Rejects with CrmError. */
  async delete(selector: AttributeSelector, found: FoundAttribute): Promise<void> {
    if (await this.#throughManager(selector, attr(found.pair, "name"), undefined)) return;
    await this.#apply(deleteRequest(selector, found));
  }

  close(): void {
    this.source.close();
  }

  async #apply(request: CibRequest, what?: string): Promise<void> {
    const answer = await this.source.apply(request);
    if (answer.rc !== 0) {
      if (what !== undefined) this.session.warn(`${what}: ${resultText(answer.rc)}\n`);
      const text = `Error performing operation: ${resultText(answer.rc)}`;
      throw new CrmError(text, exitOfResult(answer.rc));
    }
    this.#root = (await this.source.document()).root;
  }

  /** True when the running cluster's attribute manager is the one to ask, and took it. */
  async #throughManager(
    selector: AttributeSelector,
    name: string | undefined,
    value: string | undefined,
  ): Promise<boolean> {
    if (this.source.kind !== "live" || selector.section !== "status" || name === undefined) {
      return false;
    }
    const client = await connectAttributes(this.session);
    try {
      await client.update({
        name,
        ...(value === undefined ? {} : { value: value.replace(/^value(?=\+\+|\+=)/, name) }),
        ...(selector.nodeName === undefined ? {} : { host: selector.nodeName }),
        ...(selector.setName === undefined ? {} : { set: selector.setName }),
        section: selector.utilization === true ? "utilization" : "status",
      });
    } finally {
      client.close();
    }
    return true;
  }
}
