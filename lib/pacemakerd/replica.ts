/**
 * This node's share of the replicated whole: rounds of statements when the membership changes (HOUSE rules 2, 3), the word on
 * quorum, the wish to leave. What delivered messages do is in order.ts, who decides in membership.ts.
 */
import { type CibDoc, cibDoc, versionText } from "../cib/document.ts";
import { emptyCib } from "../cib/empty.ts";
import type { XmlElement } from "../xml/node.ts";
import { writeXml } from "../xml/write.ts";
import { Alerts } from "./alerts.ts";
import type { GroupMember, PacemakerdConfig, PacemakerdEvent, QuorumEvent } from "./api.ts";
import { Durable, type Rank } from "./cib/durable.ts";
import { adoptedCib, hasHistory, transientElement, wholeDigest } from "./cib/join.ts";
import { nodeState } from "./cib/status.ts";
import { Context } from "./context.ts";
import { bootstrapRequests } from "./controller/bootstrap.ts";
import { Controller } from "./controller/controller.ts";
import { Executor } from "./executor/executor.ts";
import { Membership } from "./membership.ts";
import { type Message, type Statement, tryDecode } from "./messages.ts";
import { Order } from "./order.ts";
import { tryParse } from "./parse.ts";
import { GroupPort } from "./ring.ts";
import { FrontDoor } from "./services/front-door.ts";
import { ReplicatedState } from "./state.ts";

/** How long a membership waits for the quorum service to speak of it. */
const QUORUM_WAIT_MS = 2000;
/** A round takes milliseconds; after this somebody is stuck. */
const ROUND_WARNING_MS = 10_000;
export const QUORATE_VERSION = "0.1.0";

export class Replica {
  readonly config: PacemakerdConfig;
  readonly context: Context;
  readonly membership: Membership;
  readonly controller: Controller;
  readonly executor: Executor;
  readonly alerts: Alerts;
  readonly durable: Durable;
  private readonly port: GroupPort;
  readonly door: FrontDoor;
  readonly state: ReplicatedState;
  private readonly order: Order;
  /** Delivered while a round is open. */
  private queue: { readonly from: GroupMember; readonly message: Message }[] = [];
  private fresh = true;
  private quorum: QuorumEvent | undefined;
  private quorumOverdue = false;
  private markSent: string | undefined;
  private bootstrapSent = "";
  leaving = false;
  /** The last way from one synchronised membership to the next, and the CIB at its end; for audits. */
  passage: { readonly from: string; readonly to: string; readonly doc: CibDoc } | undefined;

  constructor(config: PacemakerdConfig) {
    this.config = config;
    const self: GroupMember = { nodeId: config.nodeId, processId: config.processId };
    this.port = new GroupPort(self);
    this.context = new Context(config, this.port);
    this.membership = new Membership(self, config.nodeName);
    const born = config.stored.cib ?? emptyCib({ epoch: 0 });
    this.state = new ReplicatedState(this.context, this.membership, born);
    this.durable = new Durable(this.context, this.membership);
    this.controller = new Controller(this.context, this.membership, {
      doc: () => this.state.doc,
      bootstrap: () => this.bootstrap(),
    });
    this.alerts = new Alerts(this.context, () => this.state.doc);
    this.executor = new Executor(this.context.self.id, this.executorPort());
    this.door = new FrontDoor(this.context, this.membership, this.controller, this.durable, {
      doc: () => this.state.doc,
      ready: () => this.membership.phase !== "none",
    });
    this.state.onChange = (op, before, after) => this.door.cib.notify(op, before, after);
    this.order = new Order(this);
  }

  private executorPort(): ConstructorParameters<typeof Executor>[1] {
    const { context } = this;
    return {
      effect: (effect) => context.effect(effect),
      log: (level, text) => context.log(level, text),
      epoch: () => context.epoch(),
      ack: (key, rc, status) => {
        if (key !== "") context.multicast({ kind: "ack", key, rc, status });
      },
      deleted: (resource, entry, key) =>
        context.multicast({ kind: "history-deleted", resource, entry, key, refresh: 0 }),
      result: (operation, outcome, onFail, update) => {
        this.alerts.result(operation, outcome);
        if (operation.key === "") return;
        context.multicast({
          kind: "result",
          key: operation.key,
          resource: operation.resource,
          operation: operation.operation,
          intervalMs: operation.intervalMs,
          rc: outcome.rc,
          status: outcome.status,
          targetRc: operation.targetRc,
          onFail,
          now: context.epoch(),
          body: writeXml(update, { indent: false }),
        });
      },
    };
  }

  get doc(): CibDoc {
    return this.state.doc;
  }

  /** First event: nothing is known but the disk. */
  start(): void {
    this.context.log(
      "info",
      `Configuration ${versionText(this.state.doc.version)} read from ${this.config.cibFolder}`,
    );
  }

  /** Everything but start, jobs, timers and endings. */
  event(event: PacemakerdEvent): void {
    switch (event.kind) {
      case "cpg-configuration":
        this.configuration(event);
        return;
      case "cpg-deliver": {
        const body = this.port.deliver(event.from, event.body);
        const message = body === undefined ? undefined : tryDecode(body);
        if (message !== undefined) this.deliver(event.from, message);
        return;
      }
      case "quorum":
        this.quorum = event;
        this.quorumOverdue = false;
        return;
      case "foreign-groups":
        this.controller.foreign = event.groups;
        this.controller.trigger("Other managers");
        return;
      case "computed":
        this.controller.computed(event.id, event.result);
        return;
      case "persist-failed":
        this.durable.persistFailed(event.path, event.reason);
        return;
      case "client-connected":
      case "client-request":
      case "client-gone":
        this.door.event(event);
        return;
      default:
    }
  }

  /** End of a step: what may be done now is done. */
  finishStep(): void {
    this.markQuorum();
    this.controller.consider();
  }

  timer(name: string): void {
    if (name === "round") {
      this.roundIsSlow();
      return;
    }
    if (name === "quorum-wait") {
      this.quorumOverdue = true;
      return;
    }
    if (this.durable.timer(name, this.state.doc)) return;
    if (this.executor.timer(this.context.now, name)) return;
    if (this.controller.timer(name)) return;
    this.door.timer(name);
  }

  // --- memberships and rounds (rule 2) ---

  private configuration(event: Extract<PacemakerdEvent, { kind: "cpg-configuration" }>): void {
    const { label, isSynchronised } = this.membership;
    this.drainQueue();
    this.membership.configuration(event);
    const to = this.membership.label;
    this.passage = isSynchronised ? { from: label, to, doc: this.state.doc } : undefined;
    this.controller.suspend();
    this.markSent = undefined;
    this.bootstrapSent = "";
    this.quorumOverdue = false;
    for (const body of this.port.configuration()) this.context.effect({ kind: "multicast", body });
    this.context.multicast(this.statement());
    this.context.setTimer("round", ROUND_WARNING_MS);
  }

  /** A member that says nothing holds everyone up; it must at least be named. */
  private roundIsSlow(): void {
    const { membership } = this;
    if (membership.isSynchronised) return;
    const silent = membership.members.filter((id) => membership.statementOf(id) === undefined);
    const names = silent.map((id) => membership.uname(id) ?? String(id)).join(" ");
    this.context.log("warning", `Still waiting for what node ${names || "the donor"} has`);
    this.context.setTimer("round", ROUND_WARNING_MS);
  }

  private statement(): Statement {
    const { version } = this.state.doc;
    const own = transientElement(this.state.doc, this.context.self);
    return {
      kind: "statement",
      label: this.membership.label,
      uname: this.config.nodeName,
      fresh: this.fresh,
      established: this.membership.isEstablished,
      hasHistory: hasHistory(this.state.doc, this.durable.quorateSeq),
      quorateSeq: this.durable.quorateSeq,
      quoratePosition: this.durable.quoratePosition,
      promised: this.durable.promised,
      adminEpoch: version.adminEpoch,
      epoch: version.epoch,
      numUpdates: version.numUpdates,
      digest: wholeDigest(this.state.doc),
      joined: this.membership.joined,
      body: this.fresh || own === undefined ? "" : writeXml(own, { indent: false }),
    };
  }

  private deliver(from: GroupMember, message: Message): void {
    switch (message.kind) {
      case "statement":
        if (this.membership.statement(from, message)) this.decideRound();
        return;
      case "state":
        this.adoptState(from, message);
        return;
      default:
        if (this.membership.isSynchronised) this.order.apply(from, message);
        else this.queue.push({ from, message });
    }
  }

  private decideRound(): void {
    const verdict = this.membership.verdict!;
    if (verdict.identical) {
      this.complete(this.state.doc, true, this.durable, {
        joined: this.membership.joined,
        names: [],
      });
      return;
    }
    this.logMerge(verdict.donor);
    if (verdict.donor !== this.config.nodeId) return;
    this.context.multicast({
      kind: "state",
      label: this.membership.label,
      quorateSeq: this.durable.quorateSeq,
      quoratePosition: this.durable.quoratePosition,
      joined: this.membership.joined,
      names: this.membership.names,
      body: writeXml(this.state.doc.root, { indent: false }),
    });
  }

  private logMerge(donor: number): void {
    const texts = this.membership.members.map((id) => {
      const s = this.membership.statementOf(id);
      if (s === undefined) return `${id} unknown`;
      return `${s.uname} ${s.adminEpoch}.${s.epoch}.${s.numUpdates} of round ${s.quorateSeq}/${s.quoratePosition}`;
    });
    const chosen = this.membership.uname(donor) ?? String(donor);
    this.context.log("info", `Merging ${texts.join(", ")}: the configuration of ${chosen} counts`);
  }

  private adoptState(from: GroupMember, state: Extract<Message, { kind: "state" }>): void {
    const { membership } = this;
    const { donor } = membership.verdict ?? { donor: -1 };
    if (membership.phase !== "transferring" || state.label !== membership.label) return;
    if (from.nodeId !== donor) return;
    const root = tryParse(state.body, "the donor's CIB");
    if (root === undefined) {
      this.context.log("error", `The CIB that node ${from.nodeId} sent cannot be read`);
      return;
    }
    const mine = membership.statementOf(this.config.nodeId);
    const theirs = membership.statementOf(donor);
    const kept = donor === this.config.nodeId || mine?.digest === theirs?.digest;
    const doc = donor === this.config.nodeId ? this.state.doc : cibDoc(root);
    this.complete(doc, kept, state, state);
  }

  private complete(
    base: CibDoc,
    kept: boolean,
    rank: Rank,
    state: Pick<Extract<Message, { kind: "state" }>, "joined" | "names">,
  ): void {
    const { membership } = this;
    membership.complete(state);
    const own = membership.members.map((nodeId) => {
      const statement = membership.statementOf(nodeId)!;
      const text = statement.body;
      const parsed = text === "" ? undefined : tryParse(text, "transient attributes");
      return { nodeId, fresh: statement.fresh, element: parsed };
    });
    const doc = adoptedCib(base, membership, own, (id) => this.state.nameOf(id));
    this.state.set("cib_replace", doc);
    this.durable.adopted(doc, kept, rank);
    this.fresh = false;
    this.alerts.nodes(membership.ringMembers, (id) => membership.uname(id) ?? String(id));
    this.controller.resume();
    this.logController();
    this.context.setTimer("quorum-wait", QUORUM_WAIT_MS);
    this.drainQueue();
    this.order.publish();
    if (this.leaving) this.askToLeave();
  }

  private logController(): void {
    const { controller } = this.membership;
    const name = controller === undefined ? "none" : this.membership.uname(controller);
    this.context.log("notice", `Members: ${this.memberNames().join(" ")}; controller: ${name}`);
  }

  private memberNames(): readonly string[] {
    return this.membership.members.map((id) => this.membership.uname(id) ?? String(id));
  }

  private drainQueue(): void {
    const { queue } = this;
    this.queue = [];
    for (const { from, message } of queue) this.order.apply(from, message);
  }

  // --- quorum, bootstrap, leaving ---

  /** The controller tells everyone what the quorum service says of this membership. */
  private markQuorum(): void {
    const { membership, quorum } = this;
    if (!membership.isSynchronised || !membership.isController || quorum === undefined) return;
    if (quorum.ringSeq < membership.ringSeq && !this.quorumOverdue) return;
    const quorate = quorum.quorate && (this.isBacked || membership.hasLineage);
    const needed = membership.votesForDurability(quorum);
    const { label } = membership;
    const { votes = [] } = quorum;
    const mark = { label, quorate, backed: this.isBacked, needed, votes };
    const text = JSON.stringify(mark);
    if (this.markSent === text) return;
    this.markSent = text;
    if (quorum.quorate && !quorate) {
      const missing = membership.withoutManager.map((id) => membership.uname(id) ?? String(id));
      this.context.log(
        "warning",
        `This ring is quorate, but its managers are not: waiting for those of ${missing.join(" ")}`,
      );
    }
    this.context.multicast({ kind: "quorum-mark", ...mark });
  }

  /** The members of the group hold a quorum of votes: what they all have on disk is safe (rule 4). */
  get isBacked(): boolean {
    return this.membership.isBacked(this.quorum);
  }

  private expectedVotes(): number | undefined {
    if (this.config.form !== "legacy") return undefined;
    const stored = Number.parseInt(this.controller.option("expected-quorum-votes") ?? "2", 10);
    const seen = Math.max(2, this.membership.ringMembers.length, stored || 2);
    return this.quorum?.expectedVotes ?? seen;
  }

  private bootstrap(): boolean {
    const requests = bootstrapRequests(this.state.doc, {
      form: this.config.form,
      version: QUORATE_VERSION,
      clusterName: this.config.clusterName,
      members: this.membership.members.flatMap((id) => this.state.nameOf(id) ?? []),
      expectedVotes: this.expectedVotes(),
    });
    if (requests.length === 0) return false;
    const text = requests.map((r) => writeXml(r.data, { indent: false })).join("");
    if (this.bootstrapSent === text) return false;
    this.bootstrapSent = text;
    for (const request of requests) this.door.cib.modify(request.section, request.data);
    return true;
  }

  /** The cluster can stop our resources for us. */
  get canLeaveOrderly(): boolean {
    return this.membership.isSynchronised && this.controller.foreign.length === 0;
  }

  askToLeave(): void {
    this.leaving = true;
    this.context.multicast({
      kind: "attribute",
      node: this.config.nodeName,
      name: "shutdown",
      value: String(this.context.epoch()),
      pattern: false,
    });
  }

  /** This node's own part of the status section. */
  ownState(): XmlElement | undefined {
    return nodeState(this.state.doc, this.context.self.id);
  }
}
