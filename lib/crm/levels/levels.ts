/** All levels of the shell by name; a level below another may be named `configure.cib`, else its plain name is used. */
import { cib } from "./cib.ts";
import { configure } from "./configure.ts";
import { node } from "./node.ts";
import { options } from "./options.ts";
import { ra } from "./ra.ts";
import { resource } from "./resource.ts";
import type { Level } from "./shell.ts";
import { top } from "./top.ts";
import { cibstatus, history, site, template } from "./unavailable.ts";

export const levels: Readonly<Record<string, Level>> = {
  top,
  cib,
  resource,
  configure,
  node,
  options,
  history,
  site,
  ra,
  cibstatus,
  template,
};
