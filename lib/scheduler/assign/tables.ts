/** Adding scores to allowed-node tables (spec/scheduler-2 section 3.2) and asking nodes whether they can be used (0.4). */
import { INFINITY, type Score } from "../../base/score.ts";
import type { NodeTable } from "../../status/node-table.ts";
import { Discovery } from "../../status/node-table.ts";
import type { Book, Node, Rsc } from "../board.ts";

/** Adds a score for one node to a resource and all its descendants; a new entry begins with the node's base score. */
export function addScore(rsc: Rsc, node: Node, score: Score): void {
  const table = rsc.allowed;
  if (!table.has(node.index)) table.set(node.index, node.baseScore, baseMode(node));
  table.add(node.index, score);
  for (const c of rsc.children) addScore(c, node, score);
}

/** Mode of a new entry: only the content of a bundle is looked for on the bundle's nodes. */
export function baseMode(node: Node): Discovery {
  return node.baseDiscovery === Discovery.never ? Discovery.never : Discovery.always;
}

/** Minus INFINITY on every node of the cluster; an assignment already made is dropped (not that of children). */
export function banEverywhere(book: Book, rsc: Rsc): void {
  for (const node of book.nodes) addScore(rsc, node, -INFINITY);
  rsc.assigned = undefined;
}

/** Online, clean and neither leaving, standby nor in maintenance. */
export function isUsable(node: Node): boolean {
  return node.online && !node.shutdown && !node.unclean && !node.standby && !node.maintenance;
}

/** A guest whose launcher has one place to be (always true for other nodes). */
export function hasHost(node: Node): boolean {
  if (!node.isGuest) return true;
  const launcher = node.connection?.launcher;
  return launcher !== undefined && assignedNodes(launcher).length === 1;
}

/** Distinct nodes to which a resource's leaves are assigned. */
export function assignedNodes(rsc: Rsc): Node[] {
  if (rsc.children.length === 0) return rsc.assigned === undefined ? [] : [rsc.assigned];
  const found: Node[] = [];
  for (const c of rsc.children) {
    for (const node of assignedNodes(c)) if (!found.includes(node)) found.push(node);
  }
  return found;
}

/** Distinct nodes on which a resource's leaves are active. */
export function activeNodes(rsc: Rsc): readonly Node[] {
  if (rsc.children.length === 0) return rsc.active;
  const found: Node[] = [];
  for (const c of rsc.children) {
    for (const node of activeNodes(c)) if (!found.includes(node)) found.push(node);
  }
  return found;
}

/** The one node a resource is assigned to (or active on), or undefined when there is none or several. */
export function singleLocation(rsc: Rsc, current: boolean): Node | undefined {
  if (rsc.children.length === 0) {
    if (!current) return rsc.assigned;
    return rsc.active.length === 1 ? rsc.active[0] : undefined;
  }
  const nodes = current ? activeNodes(rsc) : assignedNodes(rsc);
  return nodes.length === 1 ? nodes[0] : undefined;
}

/** Some node of the table can be used and is not banned. */
export function hasUsableNode(book: Book, table: NodeTable): boolean {
  for (const node of book.nodesByIndex) {
    if (table.has(node.index) && table.score(node.index) >= 0 && isUsable(node)) return true;
  }
  return false;
}
