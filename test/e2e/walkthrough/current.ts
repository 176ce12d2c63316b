/**
 * The walkthrough's texts as current stacks show them: HOUSE decides the form by the stack, and the story is told in the seed's.
 */
import type { Block, Step } from "../story.ts";

/** An expected text of the seed in today's form. */
export function currentText(text: string): string {
  if (text.startsWith("Last updated:")) return currentStatus(text.split("\n"));
  if (/^ \S+ \(\S+\): (Started|Stopped)$/.test(text)) return currentResourceStatus(text);
  return text
    .replaceAll(/^node server(\d)/gm, 'node $$id="$1" server$1')
    .replace('dc-version="', 'have-watchdog="false" \\\n\tdc-version="')
    .replace("classic openais (with plugin)", "corosync")
    .replace('expected-quorum-votes="3"', 'cluster-name="lab"');
}

/** `crm status`. */
function currentStatus(lines: readonly string[]): string {
  const line = (what: RegExp) => lines.find((one) => what.test(one)) ?? "";
  const resources = Number(/^\d+/.exec(line(/Resources configured/))?.[0] ?? 0);
  const partition = /partition \S+ quorum/i.exec(line(/Current DC/))?.[0] ?? "";
  return [
    "Cluster Summary:",
    "* Stack: corosync",
    `* Current DC: {node} (version {version}) - ${partition}`,
    "* Last updated: {date}",
    "* Last change: {date} by {client} via {client} on {node}",
    "* 3 nodes configured",
    `* ${resources} resource instance${resources === 1 ? "" : "s"} configured`,
    "Node List:",
    ...lines.filter((one) => /^(Node|Online:)/.test(one)).map((one) => `* ${one}`),
    "Active Resources:",
    ...lines.filter((one) => one.startsWith(" ")).map((one) => `*${currentAgent(one)}`),
  ].join("\n");
}

/** `resource status`: Started where, Stopped why. */
function currentResourceStatus(text: string): string {
  const more = text.endsWith("Started") ? "Started {node}" : "Stopped (disabled)";
  return `Full List of Resources:\n*${currentAgent(text.replace(/\S+$/, more))}`;
}

function currentAgent(line: string): string {
  return line.replace("ocf::", "ocf:");
}

/** The block as it is played on a current stack: there crm_verify -V has more to say, though nothing is wrong. */
export function onCurrentStack(block: Block): Block {
  return {
    ...block,
    steps: block.steps.map(
      (step): Step =>
        step.kind === "type" && step.command === "crm_verify -L -V"
          ? { ...step, command: "crm_verify -L" }
          : step,
    ),
  };
}
