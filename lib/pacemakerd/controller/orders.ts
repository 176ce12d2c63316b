/**
 * Orders on the wire, from graph action to XML and back to an operation, and the list of what is under way in the cluster.
 * Followed: spec/runtime.md 2.2 (transition keys), 2.4; HOUSE rule 6.
 */
import type { GraphAction } from "../../scheduler/graph/model.ts";
import { readAction } from "../../transition/read.ts";
import { element, type XmlElement } from "../../xml/node.ts";
import { type Operation, targetRcOf } from "./history.ts";

/** Transition key of an action. */
export function transitionKey(action: GraphAction, transition: number, uuid: string): string {
  const target = action.attributes.get("CRM_meta_op_target_rc") ?? "0";
  return `${action.id}:${transition}:${target}:${uuid}`;
}

/** Action id, transition and uuid of a key; undefined when it is no key. */
export function parseKey(
  key: string,
): { readonly action: number; readonly transition: number; readonly uuid: string } | undefined {
  const parts = key.split(":");
  const action = Number.parseInt(parts[0] ?? "", 10);
  const transition = Number.parseInt(parts[1] ?? "", 10);
  const uuid = parts[3];
  if (!Number.isSafeInteger(action) || !Number.isSafeInteger(transition)) return undefined;
  return uuid === undefined ? undefined : { action, transition, uuid };
}

/** The element of an order. */
export function orderXml(action: GraphAction, key: string): XmlElement {
  const { primitive } = action;
  const children: XmlElement[] = [];
  if (primitive !== undefined) {
    children.push(
      element("primitive", {
        id: primitive.id,
        "long-id": primitive.longId,
        class: primitive.standard,
        provider: primitive.provider,
        type: primitive.agent,
      }),
    );
  }
  children.push(element("attributes", action.attributes));
  return element(
    "rsc_op",
    {
      id: String(action.id),
      operation: action.operation,
      operation_key: action.operationKey,
      on_node: action.node?.name,
      on_node_uuid: action.node?.id,
      "transition-key": key,
    },
    children,
  );
}

function numberOf(
  attributes: ReadonlyMap<string, string>,
  name: string,
  byDefault: number,
): number {
  const value = Number.parseInt(attributes.get(name) ?? "", 10);
  return Number.isSafeInteger(value) ? value : byDefault;
}

export interface ParsedOrder {
  readonly operation: Operation;
  readonly timeoutMs: number;
  readonly onFail: string;
  /** What a cancel ends. */
  readonly cancels: { readonly operation: string; readonly intervalMs: number };
}

/** An order's element as an operation of its node; undefined when it is none. */
export function parseOrder(
  root: XmlElement,
  key: string,
  nodeName: string,
): ParsedOrder | undefined {
  const action = readAction(root);
  if ("rejected" in action || action.primitive === undefined) return undefined;
  const { attributes, primitive } = action;
  const intervalMs = numberOf(attributes, "CRM_meta_interval", 0);
  const isCancel = action.operation === "cancel";
  return {
    operation: {
      resource: primitive.id,
      standard: primitive.standard,
      provider: primitive.provider,
      agent: primitive.agent,
      operation: action.operation,
      intervalMs: isCancel ? 0 : intervalMs,
      key,
      targetRc: targetRcOf(key),
      nodeName,
      attributes,
    },
    timeoutMs: Math.max(1, numberOf(attributes, "CRM_meta_timeout", 20000)),
    onFail: attributes.get("CRM_meta_on_fail") ?? "",
    cancels: { operation: attributes.get("CRM_meta_operation") ?? "monitor", intervalMs },
  };
}

/** Operations that were ordered and have not answered, by node; the same on every member. */
export class InFlight {
  private readonly byNode = new Map<number, Set<string>>();

  ordered(nodeId: number, key: string): void {
    const keys = this.byNode.get(nodeId) ?? new Set<string>();
    keys.add(key);
    this.byNode.set(nodeId, keys);
  }

  done(nodeId: number, key: string): void {
    this.byNode.get(nodeId)?.delete(key);
  }

  /** A node's own word replaces what we thought. */
  replace(nodeId: number, keys: readonly string[]): void {
    this.byNode.set(nodeId, new Set(keys));
  }

  /** Forgets nodes that are not members. */
  keep(members: readonly number[]): void {
    for (const id of [...this.byNode.keys()]) if (!members.includes(id)) this.byNode.delete(id);
  }

  count(nodeId: number): number {
    return this.byNode.get(nodeId)?.size ?? 0;
  }

  get isEmpty(): boolean {
    return [...this.byNode.values()].every((keys) => keys.size === 0);
  }
}
