/** The actions of a schedule as a graph for Graphviz (spec/outputs-and-tools section A8). */
import { type Action, notifyKey, Task } from "../scheduler/actions/action.ts";
import { historyKey } from "../scheduler/graph/produce.ts";
import { Rel } from "../scheduler/ordering/relation.ts";

function nameOf(action: Action, withIds: boolean): string {
  const host = action.node !== undefined ? action.node.name : action.pseudo ? undefined : "<none>";
  const suffix = host === undefined ? "" : ` ${host}`;
  const { rsc } = action;
  let name: string;
  if (action.cancelledTask !== undefined) {
    const key = rsc?.historyId === undefined ? action.key : historyKey(action, rsc.historyId);
    name = `Cancel ${key}${suffix}`;
  } else if (rsc?.historyId !== undefined) {
    const type = action.meta.get("notify_key_type");
    const told = action.meta.get("notify_key_operation");
    const isNotice = action.task === Task.notify || action.task === Task.notified;
    name =
      isNotice && type !== undefined && told !== undefined
        ? `${notifyKey(rsc.historyId, type, told)}${suffix}`
        : `${historyKey(action, rsc.historyId)}${suffix}`;
  } else if (action.task === Task.stonith) {
    name = `stonith '${action.meta.get("stonith_action") ?? ""}'${suffix}`;
  } else if (rsc !== undefined || host === undefined) name = `${action.key}${suffix}`;
  else name = `${action.task}${suffix}`;
  return withIds ? `${name} (${action.id})` : name;
}

interface Style {
  readonly text: string;
  readonly shown: boolean;
}

function styleOf(action: Action): Style {
  let font = action.pseudo ? "orange" : "black";
  if (action.inGraph) {
    return { text: `style=bold color="green" fontcolor="${font}"`, shown: true };
  }
  if (action.rsc !== undefined && !action.rsc.managed) {
    font = "purple";
    return { text: `style=dashed color="red" fontcolor="${font}"`, shown: false };
  }
  if (action.optional) {
    return { text: `style=dashed color="blue" fontcolor="${font}"`, shown: false };
  }
  return { text: `style=dashed color="red" fontcolor="${font}"`, shown: true };
}

/** `all` writes optional actions too; `withIds` appends action ids. */
export function dotText(actions: readonly Action[], all = false, withIds = false): string {
  const lines = [' digraph "g" {'];
  const drawn = new Set<Action>();
  const quoted = (action: Action): string => `"${nameOf(action, withIds)}"`;
  for (const action of actions) {
    const style = styleOf(action);
    if (!style.shown && !all) continue;
    lines.push(`${quoted(action)} [ ${style.text}]`);
    drawn.add(action);
  }
  for (const action of actions) {
    for (const rel of action.before) {
      let style = "dashed";
      let shown = false;
      if (rel.printed) {
        style = "bold";
        shown = true;
      } else if (rel.flags === Rel.none) continue;
      else if (drawn.has(action) && drawn.has(rel.first)) {
        shown = rel.flags !== Rel.sameNodeOrTarget;
      }
      if (!shown && !all) continue;
      lines.push(`${quoted(rel.first)} -> ${quoted(action)} [ style = ${style}]`);
    }
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
}
