/** Which instances of a promotable clone are promoted (spec/scheduler-2 section 13). */
import { mergeSort } from "../../base/collections.ts";
import { addScores, INFINITY, parseScore, type Score } from "../../base/score.ts";
import { Role } from "../../status/roles.ts";
import { currentNode, leavesOf, roleOf, topOf, withoutInstance } from "../../status/tree.ts";
import { applyColocation } from "../assign/apply.ts";
import { influences, thisWithOf, withThisOf } from "../assign/colocations.ts";
import { factorOf, mergeScores } from "../assign/merge.ts";
import { banEverywhere, hasHost, isUsable, singleLocation } from "../assign/tables.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { instanceComparator } from "./instances.ts";

/** The part of another instance that corresponds to this one and is active on the node. */
function activeTwin(rsc: Rsc, node: Node): Rsc | undefined {
  for (const leaf of leavesOf(topOf(rsc))) {
    if (leaf.name === rsc.name && leaf.active.includes(node)) return leaf;
  }
  return undefined;
}

function isKnownAnywhere(rsc: Rsc): boolean {
  return rsc.known.size > 0;
}

/** Does a promotion score on this node speak of this instance? */
function scoreApplies(rsc: Rsc, node: Node): boolean {
  const { allowed } = rsc;
  if (!allowed.has(node.index) || allowed.score(node.index) < 0) return false;
  if (!rsc.unique) {
    const twin = activeTwin(rsc, node);
    if (twin === rsc) return true;
    if (twin === undefined) {
      const known = leavesOf(topOf(rsc)).some(
        (leaf) => leaf.name === rsc.name && leaf.known.has(node.index),
      );
      if (known) return true;
    }
  }
  if (rsc.active.length === 0 && !isKnownAnywhere(rsc)) return true;
  return rsc.known.has(node.index) || rsc.active.includes(node);
}

/** The node whose attributes hold the promotion score. */
function attributeNode(rsc: Rsc, node: Node): Node | undefined {
  if (rsc.meta.get("container-attribute-target") !== "host" || !node.isGuest) return node;
  const launcher = node.connection?.launcher;
  if (launcher === undefined) return node;
  return rsc.unassigned ? currentNode<Node>(launcher) : launcher.assigned;
}

/** Promotion score of an instance on a node; undefined when none is set. */
export function promotionScore(rsc: Rsc, node: Node): Score | undefined {
  if (rsc.children.length > 0) {
    let sum: Score | undefined;
    for (const member of rsc.children) {
      const score = promotionScore(member, node);
      if (score !== undefined) sum = (sum ?? 0) + score;
    }
    return sum;
  }
  const attributes = attributeNode(rsc, node)?.attributes;
  if (attributes === undefined || attributes.size === 0) return undefined;
  const named = (name: string): string | undefined => attributes.get(`master-${name}`);
  let text = named(rsc.historyId ?? rsc.id);
  if (text === undefined && !rsc.unique) text = named(withoutInstance(rsc.id));
  // Last, as it looks at all other instances.
  if (text === undefined || !scoreApplies(rsc, node)) return undefined;
  return parseScore(text) ?? 0;
}

/** Once per clone: promotion scores become node scores and priorities (section 13.1). */
export function addPromotionScores(book: Book, clone: Rsc): void {
  if (clone.promotionScoresAdded) return;
  clone.promotionScoresAdded = true;
  for (const instance of clone.children) {
    for (const node of book.nodesByIndex) {
      if (!instance.allowed.has(node.index) || !isUsable(node)) continue;
      const score = promotionScore(instance, node);
      if (score === undefined) continue;
      if (score > 0) instance.allowed.add(node.index, score);
      if (score > instance.priority) instance.priority = score;
    }
  }
}

function startedBecomesUnpromoted(rsc: Rsc): void {
  if (rsc.role === Role.started) rsc.role = Role.unpromoted;
  for (const c of rsc.children) startedBecomesUnpromoted(c);
}

/** Scores of Promoted-role locations of one resource on a node. */
function promotedLocationScore(rsc: Rsc, node: Node): Score {
  let total = 0;
  for (const location of rsc.locations) {
    if (location.role !== Role.promoted) continue;
    for (const entry of location.nodes) {
      if (entry.node === node) total = addScores(total, entry.score);
    }
  }
  return total;
}

/** How much an instance wants to be promoted where it will run (section 13.4). */
function setPriority(book: Book, clone: Rsc, instance: Rsc): void {
  startedBecomesUnpromoted(instance);
  instance.promotionPriority = 0;
  const node = singleLocation(instance, false);
  if (node === undefined) return;
  const next = roleOf(instance, false);
  switch (next) {
    case Role.started:
    case Role.unknown:
      instance.priority = promotionScore(instance, node) ?? -1;
      break;
    case Role.unpromoted:
    case Role.stopped:
      instance.priority = -INFINITY;
      break;
  }
  for (const rsc of [instance, clone]) {
    instance.priority = addScores(instance.priority, promotedLocationScore(rsc, node));
  }
  for (const c of thisWithOf(book, instance)) applyColocation(book, instance, c.primary, c);
  instance.promotionPriority = next === Role.promoted ? INFINITY : instance.priority;
}

function ticketForbids(clone: Rsc): boolean {
  return clone.ticketUses.some(
    (use) => use.role === Role.promoted && (!use.granted || use.standby),
  );
}

/** Final promotion priorities, and the instances in the order of promotion (section 13.5). */
function sortForPromotion(book: Book, clone: Rsc): Rsc[] {
  clone.rolesBegun = true;
  for (const instance of clone.children) {
    const node = singleLocation(instance, false);
    if (node === undefined || instance.promotionPriority < 0) continue;
    if (!clone.allowed.has(node.index)) continue;
    clone.allowed.add(node.index, instance.promotionPriority);
  }
  for (const c of withThisOf(book, clone)) {
    if (c.primaryRole !== Role.promoted || !influences(c)) continue;
    clone.allowed = mergeScores(book, c.dependent, clone, clone.allowed, c, factorOf(c), {
      nonNegative: true,
      active: true,
      follow: "with-this",
    });
  }
  if (ticketForbids(clone)) banEverywhere(book, clone);
  for (const instance of clone.children) {
    const node = singleLocation(instance, false);
    if (!instance.managed && instance.nextRole === Role.promoted) {
      instance.promotionPriority = INFINITY;
    } else if (node === undefined) instance.promotionPriority = -INFINITY;
    else if (instance.promotionPriority >= 0) {
      instance.promotionPriority = clone.allowed.score(node.index);
    }
  }
  const byInstance = instanceComparator(book, clone);
  return mergeSort(clone.children, (a, b) => {
    if (a.promotionPriority !== b.promotionPriority) {
      return b.promotionPriority - a.promotionPriority;
    }
    const role = roleOf(b, true) - roleOf(a, true);
    return role !== 0 ? role : byInstance(a, b);
  });
}

/** The node where an instance can be promoted, or undefined (section 13.6). */
function promotionNode(clone: Rsc, rsc: Rsc): Node | undefined {
  for (const c of rsc.children) if (promotionNode(clone, c) === undefined) return undefined;
  const node = singleLocation(rsc, false);
  if (node === undefined) return undefined;
  if (!rsc.managed) {
    if (roleOf(rsc, true) !== Role.promoted) return undefined;
  } else if (rsc.priority < 0 || !isUsable(node) || !hasHost(node)) return undefined;
  const table = clone.allowed;
  if (!table.has(node.index)) return undefined;
  const limit = clone.clone?.promotedNodeMax ?? 1;
  return !rsc.managed || table.count(node.index) < limit ? node : undefined;
}

function promote(rsc: Rsc): void {
  if (rsc.nextRole === Role.unknown) rsc.nextRole = Role.promoted;
  for (const c of rsc.children) promote(c);
}

function keepUnpromoted(rsc: Rsc): void {
  rsc.nextRole = singleLocation(rsc, false) === undefined ? Role.stopped : Role.unpromoted;
  for (const c of rsc.children) keepUnpromoted(c);
}

function notePromotion(book: Book, instance: Rsc): void {
  if (book.settings.traceScores !== true) return;
  book.note({
    step: "promotion",
    resource: instance.id,
    node: singleLocation(instance, false)?.name,
    score: instance.promotionPriority,
  });
}

/** Chooses roles for all instances once they are assigned (section 13.3). */
export function chooseRoles(book: Book, clone: Rsc): void {
  clone.allowed.clearCounts();
  for (const instance of clone.children) setPriority(book, clone, instance);
  clone.children = sortForPromotion(book, clone);
  const max = clone.clone?.promotedMax ?? 0;
  let promoted = 0;
  for (const instance of clone.children) {
    notePromotion(book, instance);
    let node: Node | undefined;
    if (instance.promotionPriority >= 0 && (promoted < max || !clone.managed)) {
      node = promotionNode(clone, instance);
    }
    const frozen =
      instance.role < Role.promoted && !book.quorate && book.noQuorumPolicy === "freeze";
    if (node === undefined || frozen) {
      keepUnpromoted(instance);
      continue;
    }
    clone.allowed.addCount(node.index, 1);
    promoted++;
    promote(instance);
  }
}

/** After actions are made, priorities mean again what the configuration says. */
export function resetPriorities(clone: Rsc): void {
  for (const instance of clone.children) instance.priority = clone.priority;
}
