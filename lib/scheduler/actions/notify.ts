/** Clone notifications: pseudo-actions around each kind of change, and what each instance is told (spec/scheduler-1 section C.8). */
import { compareBytes } from "../../base/collections.ts";
import { INFINITY } from "../../base/score.ts";
import { Role } from "../../status/roles.ts";
import { currentNode, leavesOf } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { Rel, relate } from "../ordering/relation.ts";
import { type Action, Flag, notifyKey, Task } from "./action.ts";
import { requestAction } from "./table.ts";

export type NotifyKind = "start" | "stop" | "promote" | "demote";

const COMPLETED: Readonly<Record<NotifyKind, string>> = {
  start: Task.running,
  stop: Task.stopped,
  promote: Task.promoted,
  demote: Task.demoted,
};

/** The pseudo-actions of one kind. */
export interface Notification {
  readonly kind: NotifyKind;
  readonly action: Action;
  readonly completed: Action;
  readonly pre: Action | undefined;
  readonly preDone: Action | undefined;
  readonly post: Action | undefined;
  readonly postDone: Action | undefined;
}

export type Notifications = Partial<Record<NotifyKind, Notification>>;

function pseudo(
  book: Book,
  rsc: Rsc,
  task: string,
  type: string,
  operation: string,
  like: Action,
): Action {
  const key = notifyKey(rsc.id, type, operation);
  const made = requestAction(book, rsc, key, task, undefined, like.optional);
  made.flags |= Flag.pseudo;
  made.setMeta("notify_key_type", type);
  made.setMeta("notify_key_operation", operation);
  return made;
}

/** Pre-notification before an action. */
function addPre(book: Book, rsc: Rsc, kind: NotifyKind, action: Action) {
  const set = (made: Action): Action => {
    made.runnable = true;
    made.setMeta("notify_type", "pre");
    made.setMeta("notify_operation", kind);
    return made;
  };
  const pre = set(pseudo(book, rsc, Task.notify, "pre", kind, action));
  const preDone = set(pseudo(book, rsc, Task.notified, "confirmed-pre", kind, action));
  relate(pre, preDone, Rel.plain);
  relate(preDone, action, Rel.plain);
  return { pre, preDone };
}

function addPost(book: Book, rsc: Rsc, kind: NotifyKind, completed: Action) {
  const operation = COMPLETED[kind];
  const set = (made: Action): Action => {
    made.runnable = completed.runnable;
    made.priority = INFINITY;
    made.setMeta("notify_type", "post");
    made.setMeta("notify_operation", kind);
    return made;
  };
  const post = set(pseudo(book, rsc, Task.notify, "post", operation, completed));
  const postDone = set(pseudo(book, rsc, Task.notified, "confirmed-post", operation, completed));
  relate(completed, post, Rel.firstImpliesThen);
  relate(post, postDone, Rel.firstImpliesThen);
  return { post, postDone };
}

/** Makes the pseudo-actions of one kind around an action and its completion. */
export function makeNotification(
  book: Book,
  rsc: Rsc,
  kind: NotifyKind,
  action: Action,
  completed: Action,
): Notification {
  const { pre, preDone } = addPre(book, rsc, kind, action);
  const { post, postDone } = addPost(book, rsc, kind, completed);
  relate(preDone, post, Rel.plain);
  return { kind, action, completed, pre, preDone, post, postDone };
}

function sequence(first: Notification | undefined, then: Notification | undefined): void {
  if (first?.postDone !== undefined && then?.pre !== undefined) {
    relate(first.postDone, then.pre, Rel.plain);
  }
}

/** Kinds follow one another: what ends is told before what begins is announced. */
export function sequenceStartStop(all: Notifications): void {
  sequence(all.stop, all.start);
}

export function sequencePromotion(all: Notifications): void {
  sequence(all.stop, all.promote);
  sequence(all.start, all.promote);
  sequence(all.demote, all.promote);
  sequence(all.demote, all.start);
  sequence(all.demote, all.stop);
}

interface Entry {
  readonly rsc: Rsc;
  readonly node: Node | undefined;
}

interface Gathered {
  readonly lists: Map<string, Entry[]>;
  readonly allowed: readonly Node[];
}

const LISTS = [
  "active",
  "inactive",
  "unpromoted",
  "promoted",
  "start",
  "stop",
  "promote",
  "demote",
];

function gatherLeaf(rsc: Rsc, into: Map<string, Entry[]>): void {
  const push = (list: string, entry: Entry): void => {
    into.get(list)!.push(entry);
  };
  const here: Entry = { rsc, node: rsc.active[0] };
  switch (rsc.role) {
    case Role.stopped:
      push("inactive", { rsc, node: undefined });
      break;
    case Role.started:
      push("active", here);
      break;
    case Role.unpromoted:
      push("unpromoted", here);
      push("active", here);
      break;
    case Role.promoted:
      push("promoted", here);
      push("active", here);
      break;
  }
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    const action = rsc.actions[i]!;
    if (action.optional || action.node === undefined) continue;
    const { task, node } = action;
    if (task !== "start" && task !== "stop" && task !== "promote" && task !== "demote") continue;
    const counts = action.runnable || (task === "stop" && node?.unclean === true);
    if (counts) push(task, { rsc, node });
  }
}

/** What the instances of a clone do and are, for the words agents get. */
function gather(book: Book, clone: Rsc): Gathered {
  const lists = new Map<string, Entry[]>(LISTS.map((name) => [name, []]));
  for (const leaf of leavesOf(clone)) gatherLeaf(leaf, lists);
  const allowed = book.nodes.filter((node) => clone.allowed.has(node.index));
  return { lists, allowed };
}

/** Names and nodes of a list; an empty list is one blank. */
function words(entries: readonly Entry[]): { readonly resources: string; readonly nodes: string } {
  const sorted = [...entries].sort(
    (a, b) => compareBytes(a.rsc.id, b.rsc.id) || compareBytes(a.node?.id ?? "", b.node?.id ?? ""),
  );
  const names: string[] = [];
  const nodes: string[] = [];
  let last: string | undefined;
  for (const { rsc, node } of sorted) {
    if (rsc.id === last) continue;
    last = rsc.id;
    names.push(rsc.id);
    if (node !== undefined) nodes.push(node.name);
  }
  return {
    resources: names.length === 0 ? " " : names.join(" "),
    nodes: nodes.length === 0 ? " " : nodes.join(" "),
  };
}

function nodeWords(nodes: readonly string[]): string {
  return nodes.length === 0 ? " " : nodes.join(" ");
}

/** The host of a guest, itself for others. */
function hostName(node: Node): string {
  if (!node.isGuest) return node.name;
  const launcher = node.connection?.launcher;
  if (launcher === undefined || launcher.active.length === 0) return node.name;
  return currentNode<Node>(launcher)?.name ?? node.name;
}

function keysOf(book: Book, clone: Rsc, gathered: Gathered): Map<string, string> {
  const keys = new Map<string, string>();
  const list = (name: string) => words(gathered.lists.get(name)!);
  const set = (prefix: string, name: string): void => {
    const { resources, nodes } = list(name);
    keys.set(`notify_${prefix}_resource`, resources);
    keys.set(`notify_${prefix}_uname`, nodes);
  };
  for (const name of ["stop", "start", "demote", "promote", "active", "unpromoted"])
    set(name, name);
  set("slave", "unpromoted");
  set("promoted", "promoted");
  set("master", "promoted");
  keys.set("notify_inactive_resource", list("inactive").resources);
  keys.set("notify_available_uname", nodeWords(gathered.allowed.map((node) => node.name)));
  keys.set("notify_all_uname", nodeWords(book.nodes.map((node) => node.name)));
  if (clone.meta.get("container-attribute-target") === "host") {
    keys.set("notify_all_hosts", nodeWords(book.nodes.map(hostName)));
  }
  return keys;
}

/** One notify action on a node, between its pseudo-actions. */
function makeNotify(
  book: Book,
  rsc: Rsc,
  node: Node | undefined,
  op: Action | undefined,
  done: Action | undefined,
  keys: ReadonlyMap<string, string>,
  isPost: boolean,
): void {
  if (op === undefined || done === undefined || node === undefined) return;
  if (!node.online || !op.runnable) return;
  const type = op.meta.get("notify_type") ?? "";
  const operation = op.meta.get("notify_operation") ?? "";
  const key = notifyKey(rsc.id, type, operation);
  const notify = requestAction(book, rsc, key, op.task, node, op.optional);
  const words = new Map<string, string>();
  op.meta.forEach((value, name) => {
    if (!notify.meta.has(name)) words.set(name, value);
  });
  for (const [name, value] of keys) words.set(name, value);
  notify.meta = notify.meta.withAll(words);
  if (isPost) notify.priority = INFINITY;
  relate(op, notify, Rel.plain);
  relate(notify, done, Rel.plain);
}

/** After all have been told, monitors may go on. */
function monitorsAfter(rsc: Rsc, done: Action | undefined): void {
  if (done === undefined) return;
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    const action = rsc.actions[i]!;
    if (action.intervalMs === 0 || action.task === Task.cancel) continue;
    if (action.meta.get("interval") === undefined) continue;
    relate(done, action, Rel.plain);
  }
}

function newest(rsc: Rsc, task: string, node?: Node): Action | undefined {
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    const action = rsc.actions[i]!;
    if (action.task !== task) continue;
    if (node === undefined || action.node === node) return action;
  }
  return undefined;
}

function copyKeys(rsc: Rsc, keys: ReadonlyMap<string, string>): void {
  for (const action of rsc.actions) {
    if (action.optional || action.node === undefined) continue;
    switch (action.task) {
      case "start":
      case "stop":
      case "promote":
      case "demote":
        action.meta = action.meta.withAll(keys);
    }
  }
}

function tellGoing(book: Book, rsc: Rsc, n: Notification, keys: ReadonlyMap<string, string>): void {
  if (rsc.role === Role.stopped) return;
  const stop = newest(rsc, Task.stop);
  for (const node of rsc.active) {
    const gone = stop?.pseudo === true && (node.unclean || node.remoteReset);
    if (gone) continue;
    makeNotify(book, rsc, node, n.pre, n.preDone, keys, false);
    if (n.kind === "demote" || stop === undefined || stop.optional) {
      makeNotify(book, rsc, node, n.post, n.postDone, keys, true);
      monitorsAfter(rsc, n.postDone);
    }
  }
}

/** The instance would start behind a connection that cannot start. */
function behindDeadConnection(rsc: Rsc): boolean {
  const connection = rsc.assigned?.connection;
  if (connection === undefined) return false;
  const start = newest(connection, Task.start);
  return start !== undefined && !start.runnable;
}

function tellComing(
  book: Book,
  rsc: Rsc,
  n: Notification,
  keys: ReadonlyMap<string, string>,
): void {
  if (rsc.nextRole === Role.stopped) return;
  const node = rsc.assigned;
  if (node === undefined || behindDeadConnection(rsc)) return;
  const start = newest(rsc, Task.start);
  if (n.kind !== "start" || start === undefined || start.optional) {
    makeNotify(book, rsc, node, n.pre, n.preDone, keys, false);
  }
  makeNotify(book, rsc, node, n.post, n.postDone, keys, true);
  monitorsAfter(rsc, n.postDone);
}

function require(n: Notification): void {
  for (const action of [n.pre, n.preDone, n.post, n.postDone]) {
    if (action !== undefined) action.optional = false;
  }
}

function tell(book: Book, clone: Rsc, n: Notification, gathered: Gathered): void {
  const keys = keysOf(book, clone, gathered);
  const { resources } = words(gathered.lists.get(n.kind)!);
  const happens = resources !== " ";
  if (happens) require(n);
  for (const leaf of leavesOf(clone)) copyKeys(leaf, keys);
  if (!happens && n.kind !== "stop") return;
  for (const leaf of leavesOf(clone)) {
    if (n.kind === "stop" || n.kind === "demote") tellGoing(book, leaf, n, keys);
    else tellComing(book, leaf, n, keys);
  }
}

/** At graph time, just before a clone's actions are added: everyone is told about everything. */
export function makeNotifications(book: Book, clone: Rsc, all: Notifications): void {
  for (const kind of ["start", "stop", "promote", "demote"] as const) {
    const n = all[kind];
    if (n !== undefined) tell(book, clone, n, gather(book, clone));
  }
}

/** Fencing stops an instance: the others are told after the fencing. */
export function notifyFencedStop(
  book: Book,
  rsc: Rsc,
  clone: Rsc,
  fence: Action,
  node: Node,
): void {
  const { post, postDone } = addFencingPost(book, rsc, fence);
  const keys = new Map<string, string>([
    ["notify_stop_resource", rsc.id],
    ["notify_stop_uname", node.name],
  ]);
  const n: Notification = {
    kind: "stop",
    action: fence,
    completed: fence,
    pre: undefined,
    preDone: undefined,
    post,
    postDone,
  };
  for (const leaf of leavesOf(clone)) copyKeys(leaf, keys);
  for (const leaf of leavesOf(clone)) tellGoing(book, leaf, n, keys);
}

function addFencingPost(book: Book, rsc: Rsc, fence: Action) {
  const operation = fence.task;
  const set = (made: Action): Action => {
    made.runnable = fence.runnable;
    made.priority = INFINITY;
    made.setMeta("notify_type", "post");
    made.setMeta("notify_operation", Task.stop);
    return made;
  };
  const post = set(pseudo(book, rsc, Task.notify, "post", operation, fence));
  const postDone = set(pseudo(book, rsc, Task.notified, "confirmed-post", operation, fence));
  relate(fence, post, Rel.firstImpliesThen);
  relate(post, postDone, Rel.firstImpliesThen);
  return { post, postDone };
}
