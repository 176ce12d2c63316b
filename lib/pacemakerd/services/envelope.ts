/** The envelope of controller and pacemakerd messages (spec/ipc.md 3.3, 3.4). */
import { attr, element, type XmlElement } from "../../xml/node.ts";
import { FEATURE_SET } from "../controller/history.ts";

/** The reply to a request: same reference and task, addressed to whoever asked. */
export function replyTo(
  request: XmlElement,
  to: string,
  from: string,
  host: string | undefined,
  data: XmlElement | undefined,
): XmlElement {
  return element(
    "create_reply_adv",
    {
      origin: "quorate",
      t: "crmd",
      version: FEATURE_SET,
      subt: "response",
      reference: attr(request, "reference"),
      crm_task: attr(request, "crm_task"),
      crm_sys_to: to,
      crm_sys_from: from,
      src: host,
    },
    data === undefined ? [] : [element("crm_xml", {}, [data])],
  );
}

/** A request-shaped event, as lrm_invoke answers come. */
export function requestTo(
  task: string,
  reference: string,
  to: string,
  from: string,
  host: string,
  data: XmlElement | undefined,
): XmlElement {
  return element(
    "create_request_adv",
    {
      origin: "quorate",
      t: "crmd",
      version: FEATURE_SET,
      subt: "request",
      reference,
      crm_task: task,
      crm_sys_to: to,
      crm_sys_from: from,
      crm_host_to: host,
      src: host,
    },
    data === undefined ? [] : [element("crm_xml", {}, [data])],
  );
}
