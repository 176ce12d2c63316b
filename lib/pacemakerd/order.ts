/**
 * The order at work: what each delivered message does to the CIB, and what it means for this node (HOUSE rules 1, 3, 6).
 * Reached only while this node is synchronised, or when a round ends and what waited is applied.
 */
import { versionText } from "../cib/document.ts";
import { attr, child, element } from "../xml/node.ts";
import { writeXml } from "../xml/write.ts";
import type { Alerts } from "./alerts.ts";
import type { GroupMember } from "./api.ts";
import {
  applyAttribute,
  applyClearFailure,
  applyGoodbye,
  applyPublish,
  applyResult,
  withRootAttrs,
} from "./cib/deliver.ts";
import type { Durable } from "./cib/durable.ts";
import {
  type NodeName,
  nodeState,
  transientAttributes,
  withHistory,
  withLrm,
  withoutHistory,
} from "./cib/status.ts";
import type { Context } from "./context.ts";
import type { Controller } from "./controller/controller.ts";
import { isRecorded, OpStatus, pendingUpdate } from "./controller/history.ts";
import { parseOrder } from "./controller/orders.ts";
import type { Executor } from "./executor/executor.ts";
import type { Membership } from "./membership.ts";
import type { Message } from "./messages.ts";
import { tryParse } from "./parse.ts";
import type { FrontDoor } from "./services/front-door.ts";
import type { ReplicatedState } from "./state.ts";

export interface OrderParts {
  readonly context: Context;
  readonly membership: Membership;
  readonly state: ReplicatedState;
  readonly durable: Durable;
  readonly controller: Controller;
  readonly executor: Executor;
  readonly alerts: Alerts;
  readonly door: FrontDoor;
  readonly leaving: boolean;
  askToLeave(): void;
}

export class Order {
  private readonly context: Context;
  private readonly membership: Membership;
  private readonly state: ReplicatedState;
  private readonly durable: Durable;
  private readonly controller: Controller;
  private readonly executor: Executor;
  private readonly alerts: Alerts;
  private readonly door: FrontDoor;

  private readonly isLeaving: () => boolean;
  private readonly askToLeave: () => void;

  constructor(parts: OrderParts) {
    this.isLeaving = () => parts.leaving;
    this.askToLeave = () => parts.askToLeave();
    this.context = parts.context;
    this.membership = parts.membership;
    this.state = parts.state;
    this.durable = parts.durable;
    this.controller = parts.controller;
    this.executor = parts.executor;
    this.alerts = parts.alerts;
    this.door = parts.door;
  }

  /** Applies one message; members that apply the same messages hold the same CIB. */
  apply(from: GroupMember, message: Message): void {
    const node = this.state.nameOf(from.nodeId);
    if (node === undefined) return;
    const own =
      from.nodeId === this.context.config.nodeId &&
      from.processId === this.context.config.processId;
    if ("label" in message && message.label !== this.membership.label) return;
    switch (message.kind) {
      case "request":
        this.applyRequest(message, node, own);
        return;
      case "seen":
        if (own) this.durable.sawOwn(message.upTo);
        return;
      case "persisted":
        this.durable.report(from.nodeId, message.upTo);
        return;
      case "disk-trouble":
        this.durable.trouble(from.nodeId, message.reason);
        return;
      case "publish":
        this.applyPublish(from.nodeId, node, message);
        return;
      case "load":
        this.controller.loaded(from.nodeId, message.load, message.cores);
        return;
      case "quorum-mark":
        this.applyMark(message, node);
        return;
      case "order":
        this.applyOrder(message);
        return;
      case "result":
        this.applyResult(from.nodeId, node, message);
        return;
      case "ack":
        this.controller.ack(from.nodeId, message.key, message.rc, message.status);
        this.door.controller.answered(message.key);
        return;
      case "attribute":
      case "clear-failure":
        this.applyAttributes(message);
        return;
      case "executor-request":
        this.executorRequest(message);
        return;
      case "history-deleted":
        this.applyDeleted(from.nodeId, node, message);
        return;
      case "leave-granted":
        if (message.to === this.context.config.nodeId) this.context.multicast({ kind: "goodbye" });
        return;
      case "goodbye":
        this.state.set("cib_modify", applyGoodbye(this.state.doc, node));
        if (own) this.context.effect({ kind: "exit", code: 0 });
        return;
      default:
    }
  }

  private applyRequest(
    request: Extract<Message, { kind: "request" }>,
    node: NodeName,
    own: boolean,
  ): void {
    const applied = this.door.cib.delivered(this.state.doc, request, node.uname, own);
    const changed = this.state.set(request.op, applied.doc);
    if (applied.configurationChanged) {
      if (!this.durable.isCounted) {
        const by = `by ${request.user} via ${request.client} on ${node.uname}`;
        this.durable.acceptedWithoutQuorum(versionText(applied.doc.version), by);
      }
      this.durable.changed();
    }
    this.door.cib.afterDelivery();
    if (changed) this.restoreOwnState(request.op);
    if (changed) {
      this.controller.trigger(
        applied.configurationChanged ? "Configuration change" : "Status change",
      );
    }
  }

  /**
   * Rule 3: a member whose state a client wiped or replaced counts as unheard until it has said again what runs, so nothing
   * is scheduled on the gap; the owner says it at once.
   */
  private restoreOwnState(op: string): void {
    const isReplaced = op === "cib_erase" || op === "cib_replace";
    for (const nodeId of this.membership.members) {
      if (isReplaced || !this.isWhole(nodeId)) this.membership.published.delete(nodeId);
    }
    if (this.membership.published.has(this.context.config.nodeId)) return;
    this.publish();
    if (this.isLeaving()) this.askToLeave();
  }

  private isWhole(nodeId: number): boolean {
    const node = this.state.nameOf(nodeId);
    const state = node === undefined ? undefined : nodeState(this.state.doc, node.id);
    return (
      state !== undefined &&
      attr(state, "join") === "member" &&
      attr(state, "crmd") === "online" &&
      child(state, "lrm") !== undefined
    );
  }

  /** Our own history and what runs, into the order. */
  publish(): void {
    this.context.multicast({
      kind: "publish",
      label: this.membership.label,
      inFlight: this.executor.inFlight,
      load: this.controller.ownLoad,
      cores: this.context.config.cores,
      body: writeXml(this.executor.lrm, { indent: false }),
    });
  }

  private applyPublish(
    nodeId: number,
    node: NodeName,
    message: Extract<Message, { kind: "publish" }>,
  ): void {
    const lrm = tryParse(message.body, "a member's history");
    if (lrm === undefined) return;
    this.state.set("cib_modify", applyPublish(this.state.doc, node, lrm));
    this.membership.published.add(nodeId);
    this.controller.inFlight.replace(nodeId, message.inFlight);
    this.controller.throttle.report(nodeId, message.load, message.cores);
    this.controller.trigger("Node state");
  }

  private applyMark(message: Extract<Message, { kind: "quorum-mark" }>, node: NodeName): void {
    const doc = withRootAttrs(this.state.doc, {
      "have-quorum": message.quorate ? "1" : "0",
      "dc-uuid": node.id,
    });
    this.state.set("cib_modify", doc);
    const { roundSeq } = this.membership;
    const word = message.quorate
      ? message.backed
        ? "has quorum"
        : "goes on with quorum"
      : "has no quorum";
    this.context.log("info", `Round ${roundSeq} ${word}`);
    this.controller.quorate = message.quorate;
    this.membership.marked(message.quorate);
    this.durable.mark(message, this.membership.roundSeq);
    this.controller.trigger(message.quorate ? "Quorum gained" : "Quorum lost");
  }

  private applyOrder(message: Extract<Message, { kind: "order" }>): void {
    const target = this.state.nameOf(message.to);
    const root = tryParse(message.body, "an order");
    if (target === undefined || root === undefined) return;
    const order = parseOrder(root, message.key, target.uname);
    if (order === undefined) return;
    this.controller.ordered(message.to, message.key);
    const { operation } = order;
    const leaving = transientAttributes(this.state.doc, target.id).get("shutdown");
    const mine = message.to === this.context.config.nodeId;
    if (operation.operation === "start" && leaving !== undefined && leaving !== "0") {
      if (mine) {
        this.context.multicast({ kind: "ack", key: message.key, rc: 1, status: OpStatus.invalid });
      }
      return;
    }
    if (isRecorded(operation.operation)) {
      const update = pendingUpdate(operation, message.now);
      const doc = withLrm(this.state.doc, target, (lrm) => withHistory(lrm, update));
      this.state.set("cib_modify", doc);
    }
    if (!mine) return;
    if (operation.operation === "cancel") {
      const { cancels } = order;
      this.executor.cancel(operation.resource, cancels.operation, cancels.intervalMs, message.key);
    } else if (operation.operation === "delete") {
      this.forget(operation.resource, message.key, 0);
    } else {
      this.executor.accept(this.context.now, operation, order.timeoutMs, order.onFail);
    }
  }

  private forget(resource: string, key: string, refresh: number): void {
    this.executor.forget(resource);
    this.context.multicast({ kind: "history-deleted", resource, entry: "", key, refresh });
  }

  private applyResult(
    nodeId: number,
    node: NodeName,
    message: Extract<Message, { kind: "result" }>,
  ): void {
    const update = tryParse(message.body, "a result");
    if (update === undefined) return;
    this.state.set("cib_modify", applyResult(this.state.doc, node, message, update));
    this.controller.result(nodeId, message);
  }

  private applyAttributes(
    message: Extract<Message, { kind: "attribute" | "clear-failure" }>,
  ): void {
    const node = this.state.nodeByUname(message.node);
    if (node === undefined) return;
    const doc =
      message.kind === "attribute"
        ? applyAttribute(this.state.doc, node, message)
        : applyClearFailure(this.state.doc, node, message);
    if (message.kind === "clear-failure" && message.dropEntry && node.id === this.context.self.id) {
      this.executor.forgetFailure(message.resource);
    }
    if (!this.state.set("cib_modify", doc)) return;
    if (message.kind === "attribute" && !message.pattern && this.membership.isController) {
      const value = transientAttributes(doc, node.id).get(message.name) ?? "";
      this.alerts.attribute(node.uname, node.id, message.name, value);
    }
    if (!this.controller.isDownExpected(node.id)) {
      this.controller.trigger("Transient attribute change");
    }
  }

  private executorRequest(message: Extract<Message, { kind: "executor-request" }>): void {
    if (message.to !== this.context.config.nodeId) return;
    if (message.task === "forget-all") {
      this.forget("", message.key, message.now);
      return;
    }
    if (message.task === "delete") {
      this.forget(message.resource, message.key, message.now);
      const pair = element("nvpair", {
        id: "cib-bootstrap-options-last-lrm-refresh",
        name: "last-lrm-refresh",
        value: String(message.now),
      });
      const set = element("cluster_property_set", { id: "cib-bootstrap-options" }, [pair]);
      this.door.cib.modify("crm_config", element("crm_config", {}, [set]));
      return;
    }
    const root = tryParse(message.body, "a tool's order");
    const key = `0:-1:0:${this.context.uuid()}`;
    const order =
      root === undefined ? undefined : parseOrder(root, key, this.context.config.nodeName);
    if (order !== undefined) this.executor.fail({ ...order.operation, operation: "asyncmon" });
    this.context.multicast({ kind: "ack", key: message.key, rc: 0, status: OpStatus.done });
  }

  private applyDeleted(
    nodeId: number,
    node: NodeName,
    message: Extract<Message, { kind: "history-deleted" }>,
  ): void {
    if (nodeState(this.state.doc, node.id) !== undefined) {
      const doc = withLrm(this.state.doc, node, (lrm) =>
        withoutHistory(lrm, message.resource, message.entry),
      );
      this.state.set("cib_delete", doc);
    }
    this.controller.deleted(nodeId, message.key);
    this.door.controller.answered(message.key);
  }
}
