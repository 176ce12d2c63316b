/** The frame of every XML answer (spec/outputs-and-tools B2.6): `<pacemaker-result>` around a tool's elements, and its status. */
import { exitCode } from "../base/result-code.ts";
import { element, type XmlElement } from "../xml/node.ts";
import { writeXml } from "../xml/write.ts";

const API_VERSION = "2.43";

/** `request` is the command line as typed; `errors` become `<error>` elements below the status. */
export function resultXml(
  request: string,
  content: readonly XmlElement[],
  exit = 0,
  errors: readonly string[] = [],
): string {
  const problems =
    errors.length === 0
      ? []
      : [
          element(
            "errors",
            {},
            errors.map((text) => element("error", {}, [], text)),
          ),
        ];
  const status = element("status", { code: String(exit), message: exitCode(exit).text }, problems);
  const root = element("pacemaker-result", { "api-version": API_VERSION, request }, [
    ...content,
    status,
  ]);
  return writeXml(root, { indent: true });
}
