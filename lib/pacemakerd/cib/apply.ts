/** Client requests against the CIB, in the numbers of the wire (spec/ipc.md 3.2). lib/cib/operations.ts does the work. */
import { isRejection } from "../../base/error.ts";
import { toLegacy } from "../../base/result-code.ts";
import type { CibDoc } from "../../cib/document.ts";
import { applyRequest, CallOption, operationNamed } from "../../cib/operations.ts";
import type { XmlElement } from "../../xml/node.ts";
import type { Request } from "../messages.ts";
import { tryParse } from "../parse.ts";

const EINVAL = -22;

/** What came of a request: `rc` 0 or a negative legacy code. */
export interface AppliedRequest {
  readonly doc: CibDoc;
  readonly rc: number;
  readonly output: XmlElement | undefined;
  readonly configurationChanged: boolean;
}

interface Who {
  readonly now: number;
  readonly offset?: number;
  readonly origin?: string;
  readonly client?: string;
  readonly user: string;
}

function run(
  doc: CibDoc,
  op: string,
  section: string,
  options: number,
  data: XmlElement | undefined,
  who: Who,
): AppliedRequest {
  const operation = operationNamed(op);
  if (operation === undefined) {
    return { doc, rc: EINVAL, output: undefined, configurationChanged: false };
  }
  const request = { op: operation, section: section === "" ? undefined : section, data, options };
  const context = { ...who, aclUser: who.user };
  const outcome = applyRequest(doc, request, context);
  if (isRejection(outcome)) {
    const rc = -toLegacy(outcome.rc);
    return { doc, rc: rc === 0 ? EINVAL : rc, output: outcome.result, configurationChanged: false };
  }
  const dry = (options & CallOption.dryRun) !== 0;
  return {
    doc: dry ? doc : outcome.doc,
    rc: 0,
    output: outcome.result,
    configurationChanged: !dry && outcome.configurationChanged,
  };
}

/** A query of our own copy. */
export function queryCib(
  doc: CibDoc,
  section: string,
  options: number,
  user: string,
): { readonly rc: number; readonly output: XmlElement | undefined } {
  return run(doc, "cib_query", section, options, undefined, { now: 0, user });
}

/** A request that came out of the order. `origin` is the node that asked. */
export function applyRequestMessage(doc: CibDoc, request: Request, origin: string): AppliedRequest {
  const data = request.body === "" ? undefined : tryParse(request.body, "call data");
  if (request.body !== "" && data === undefined) {
    return { doc, rc: EINVAL, output: undefined, configurationChanged: false };
  }
  return run(doc, request.op, request.section, request.callOptions, data, {
    now: request.now,
    offset: request.offset,
    origin,
    client: request.client,
    user: request.user,
  });
}
