/** crm_mon's HTML page (spec/outputs-and-tools B2.7): the lists of the current text as nested `<ul>`, with classes to colour by. */
import type { ClusterView } from "../view/cluster.ts";
import type { Display } from "../view/display.ts";
import type { Clock } from "./classic.ts";
import { currentText } from "./current.ts";

const STYLE = `.bold {font-weight: bold}
.online {color: green}
.offline {color: red}
.maint, .standby {color: blue}
.health_red {color: red}
.health_yellow {color: GoldenRod}
.rsc-failed {color: red}
.rsc-failure-ignored {color: DarkGreen}
.rsc-managed {color: blue}
.rsc-multiple {color: orange}
.rsc-ok {color: green}
.warning {color: red; font-weight: bold}`;

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** The class of one line, by the words that the text form uses for its state. */
function classOf(line: string): string | undefined {
  if (/^(Guest|Remote)?Online: /.test(line) || /: online\b/.test(line)) return "online";
  if (/^(Guest|Remote)?OFFLINE: /.test(line) || /: (OFFLINE|UNCLEAN)/.test(line)) return "offline";
  if (/: maintenance/.test(line)) return "maint";
  if (/: standby/.test(line)) return "standby";
  if (!line.includes("\t(")) return undefined;
  if (line.includes(" FAILED")) return "rsc-failed";
  if (line.includes("failure ignored")) return "rsc-failure-ignored";
  if (/\[ .* \]$/.test(line)) return "rsc-multiple";
  if (/(unmanaged|maintenance)/.test(line)) return "rsc-managed";
  return line.includes(" Stopped") ? "rsc-failed" : "rsc-ok";
}

interface Row {
  readonly depth: number;
  readonly text: string;
  readonly header: boolean;
}

function rowOf(line: string): Row {
  const indent = /^( *)(\* )?/.exec(line);
  const depth = indent?.[2] === undefined ? 0 : (indent[1]?.length ?? 0) / 2;
  const text = line.slice(indent?.[0].length ?? 0);
  return { depth, text, header: text.endsWith(":") };
}

function body(lines: readonly string[]): string {
  const out: string[] = [];
  let depth = 0;
  const closeTo = (wanted: number) => {
    while (depth > wanted) {
      out.push("</ul>");
      depth -= 1;
    }
  };
  for (const row of lines.filter((l) => l.trim() !== "").map(rowOf)) {
    closeTo(row.depth);
    while (depth < row.depth) {
      out.push("<ul>");
      depth += 1;
    }
    const words = escaped(row.header ? row.text.slice(0, -1) : row.text);
    if (row.header) out.push(row.depth === 0 ? `<h2>${words}</h2>` : `<li><h3>${words}</h3></li>`);
    else {
      const name = classOf(row.text);
      out.push(`<li>${name === undefined ? words : `<span class="${name}">${words}</span>`}</li>`);
    }
  }
  closeTo(0);
  return out.join("\n");
}

/** A whole page. `style` is the address of a style sheet to link beside the built-in one. */
export function clusterHtml(
  view: ClusterView,
  show: Display,
  clock: Clock,
  title: string,
  style: string | undefined,
): string {
  const link = style === undefined ? "" : `<link rel="stylesheet" href="${escaped(style)}">`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<title>${escaped(title)}</title>
<meta charset="utf-8">
<style>
${STYLE}
</style>${link}
</head>
<body>
${body(currentText(view, show, clock).split("\n"))}
</body>
</html>
`;
}
