/** What a change to the configuration returns: the next tree and what to tell. */
import type { XmlElement } from "../xml/node.ts";

/** What a change has to say; `error` lines do not always mean that nothing was done (a group without a missing member). */
export interface Message {
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

/** The result of a change: the next tree and what to tell. */
export interface Edit {
  readonly root: XmlElement;
  readonly messages: readonly Message[];
  /** The one new object, where there is one without members. */
  readonly made?: XmlElement;
}
