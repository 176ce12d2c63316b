/**
 * The controller of a membership: when to schedule, and how a graph is carried out. It runs on every member but acts only
 * where the membership says so. It decides no placement (scheduler) and runs no agent (executor).
 * Followed: spec/runtime.md 2.1 to 2.9; HOUSE rules 6, 9, 11.
 */
import type { CibDoc } from "../../cib/document.ts";
import type { ScheduleResult } from "../../scheduler/api.ts";
import type { GraphAction, TransitionGraph } from "../../scheduler/graph/model.ts";
import { type Fired, INFINITE_PRIORITY, TransitionEngine } from "../../transition/engine.ts";
import { writeXml } from "../../xml/write.ts";
import { clusterOption } from "../cib/deliver.ts";
import type { Context } from "../context.ts";
import type { Membership } from "../membership.ts";
import type { Result } from "../messages.ts";
import { AbsentManagers } from "./absent.ts";
import { effectiveRc, OpStatus } from "./history.ts";
import { fenceDevices, fencingEnabled, schedulingInput } from "./input.ts";
import { InFlight, orderXml, parseKey, transitionKey } from "./orders.ts";
import { type ControllerInput, type ControllerState, nextState } from "./states.ts";
import { type LoadLevel, loadLevel, mayMigrate, migrationEnds, Throttle } from "./throttle.ts";

const RECHECK_MS = 15 * 60 * 1000;
const CLUSTER_DELAY_MS = 60_000;

const FENCING_MISSING =
  "Fencing is enabled and devices are configured, but this version cannot fence: resources are not started. " +
  "Set stonith-enabled=false or wait for a version that can";
/** The traditional words; users grep for them. */
const NO_FENCING = [
  "unpack_resources: Resource start-up disabled since no STONITH resources have been defined",
  "unpack_resources: Either configure some or disable STONITH with the stonith-enabled option",
  "unpack_resources: NOTE: Clusters with shared data need STONITH to ensure data integrity",
];

export interface ControllerPort {
  doc(): CibDoc;
  /** Configuration that the controller itself must write first; true when something was sent. */
  bootstrap(): boolean;
}

export class Controller {
  readonly inFlight = new InFlight();
  /** Groups of another manager in this ring (rule 11). */
  foreign: readonly string[] = [];
  /** The mark of this membership, once delivered. */
  quorate: boolean | undefined;
  private readonly context: Context;
  private readonly membership: Membership;
  private readonly port: ControllerPort;
  private current: ControllerState = "S_PENDING";
  readonly throttle = new Throttle();
  private readonly absent: AbsentManagers;
  private computing: number | undefined;
  private nextCompute = 1;
  private engine: TransitionEngine | undefined;
  private transition = -1;
  private uuid = "";
  private leaveSelf = false;
  private held = "";

  constructor(context: Context, membership: Membership, port: ControllerPort) {
    this.context = context;
    this.membership = membership;
    this.port = port;
    this.absent = new AbsentManagers(context, membership);
  }

  /** As crmadmin shows it. */
  get state(): ControllerState {
    return this.current;
  }

  get isIdle(): boolean {
    return this.current === "S_IDLE";
  }

  private enter(input: ControllerInput): void {
    this.current = nextState(this.current, input);
  }

  /** A new membership is being agreed on: plans of the old one are void; what runs is in `inFlight`. */
  suspend(): void {
    this.enter("round begins");
    this.engine = undefined;
    this.computing = undefined;
    this.quorate = undefined;
    this.leaveSelf = false;
    this.sent.clear();
    this.lastProbes = "";
    this.context.cancelTimer("recheck");
  }

  /** A membership is synchronised. */
  resume(): void {
    const { members, isController } = this.membership;
    this.inFlight.keep(members);
    this.throttle.keep(members);
    this.absent.watch(this.port.doc());
    this.enter(isController ? "round ends, we decide" : "round ends, another decides");
    if (isController && this.uuid === "") this.uuid = this.context.uuid();
  }

  /** Load level of this machine. */
  ownLoad: LoadLevel = 0;

  /** The machine's load average of the last minute; the others hear of another level. The plugin form knew no such thing. */
  measured(average: number): void {
    const { cores, form } = this.context.config;
    if (form === "legacy") return;
    const load = loadLevel(average, cores, this.option("load-threshold"));
    if (load === this.ownLoad) return;
    this.ownLoad = load;
    const { isSynchronised, label } = this.membership;
    if (isSynchronised) this.context.multicast({ kind: "load", label, load, cores });
  }

  /** A member's load was delivered. */
  loaded(nodeId: number, load: number, cores: number): void {
    this.throttle.report(nodeId, load, cores);
    this.passDue = true;
  }

  /** Something changed that a schedule depends on. A running graph finishes what it started. */
  trigger(reason: string, priority = INFINITE_PRIORITY): void {
    if (!this.membership.isController) return;
    this.passDue = true;
    if (this.engine !== undefined) {
      if (!this.engine.isAborted) {
        this.context.log("info", `Transition ${this.transition} aborted: ${reason}`);
      }
      this.engine.abort(priority, "restart", reason);
      return;
    }
    this.enter("something changed");
    this.computing = undefined;
  }

  /** Called at the end of every step: does whatever may be done now. */
  consider(): void {
    if (!this.membership.isController) return;
    this.drive();
    if (this.current !== "S_POLICY_ENGINE" || this.computing !== undefined) return;
    if (!this.maySchedule()) return;
    const { context } = this;
    this.computing = this.nextCompute++;
    this.transition++;
    context.effect({
      kind: "compute",
      id: this.computing,
      cib: schedulingInput(this.port.doc(), {
        controllerId: context.self.id,
        quorate: this.quorate === true,
        abandoned: this.absent.abandoned.map((id) => this.cibId(id)),
      }),
      now: context.epoch(),
      options: { localNode: context.self.id, transitionId: this.transition },
    });
  }

  private cibId(nodeId: number): string {
    return this.context.cibName(nodeId, this.membership.uname(nodeId) ?? String(nodeId)).id;
  }

  private maySchedule(): boolean {
    const { membership } = this;
    if (!membership.isSettled || this.quorate === undefined || !this.inFlight.isEmpty) return false;
    if (this.foreign.length > 0) {
      this.hold(
        `Another cluster manager is in this ring (${this.foreign.join(", ")}): nothing is started`,
      );
      return false;
    }
    if (this.absent.isWaiting) return false;
    if (this.port.bootstrap()) return false;
    this.warnOfFencing(this.port.doc());
    return true;
  }

  /** Fencing is enabled: without devices nothing starts; with devices neither, as this version cannot fence. */
  private warnOfFencing(doc: CibDoc): void {
    if (!fencingEnabled(doc)) this.held = "";
    else if (fenceDevices(doc).length === 0) this.hold(...NO_FENCING);
    else this.hold(FENCING_MISSING);
  }

  private hold(...lines: readonly string[]): void {
    const text = lines.join("\n");
    if (this.held === text) return;
    this.held = text;
    for (const line of lines) this.context.log("error", line);
  }

  /** A schedule is ready. */
  computed(id: number, result: ScheduleResult): void {
    if (id !== this.computing) return;
    this.computing = undefined;
    this.logMessages(result);
    this.armRecheck(result.recheckBy);
    const { graph } = result;
    this.passDue = true;
    this.context.log("notice", `Calculated transition ${this.transition}`);
    this.enter(graph.synapses.length === 0 ? "plan is empty" : "plan is made");
    if (graph.synapses.length === 0) return;
    const probes = this.probesFirst(graph);
    const batchLimit = graph.attributes.get("batch-limit");
    const isLegacy = this.context.config.form === "legacy";
    this.migrations = [];
    this.engine = new TransitionEngine(probes ?? graph, {
      batchLimit: () => this.throttle.batch({ batchLimit, isLegacy }),
      mayStart: (action) => this.mayStart(action, graph),
    });
    if (probes !== undefined) this.engine.abort(0, "restart", "");
  }

  private lastProbes = "";

  /**
   * Where something is unknown, only the probes are carried out, then everything is scheduled anew: what a restarted manager
   * finds running is not moved about on a guess. Differs: the originals start what they can meanwhile.
   */
  private probesFirst(graph: TransitionGraph): TransitionGraph | undefined {
    const isProbe = (action: GraphAction) =>
      action.kind === "rsc_op" &&
      action.operation === "monitor" &&
      !action.attributes.has("CRM_meta_interval");
    const probes = graph.synapses.filter((s) => s.inputs.length === 0 && s.actions.every(isProbe));
    const text = probes.map((s) => s.actions.map((a) => `${a.operationKey}@${a.node?.id}`)).join();
    const again = text === this.lastProbes;
    this.lastProbes = text;
    const others = graph.synapses.some((s) =>
      s.actions.some((a) => a.kind !== "pseudo_event" && !isProbe(a)),
    );
    if (probes.length === 0 || again || !others) return undefined;
    return { attributes: graph.attributes, synapses: probes };
  }

  private lastMessages = "";

  private logMessages(result: ScheduleResult): void {
    const text = JSON.stringify(result.messages);
    if (text === this.lastMessages) return;
    this.lastMessages = text;
    for (const message of result.messages) {
      const source = message.source === "" ? "" : `${message.source}: `;
      this.context.log(message.level, `${source}${message.text}`);
    }
  }

  private armRecheck(recheckBy: number | undefined): void {
    let delay = RECHECK_MS;
    if (recheckBy !== undefined) {
      delay = Math.min(delay, Math.max(500, recheckBy * 1000 - this.context.epochMs()));
    }
    this.context.setTimer("recheck", delay);
  }

  /** Live migrations of this graph that were started. */
  private migrations: GraphAction[] = [];

  private mayStart(action: GraphAction, graph: TransitionGraph): boolean {
    if (action.kind !== "rsc_op" || action.node === undefined) return true;
    const underWay = this.migrations.filter((m) => this.engine?.isPending(m.id) === true);
    if (!mayMigrate(action, underWay, graph.attributes.get("migration-limit"))) return false;
    const nodeId = this.membership.nodeIdOf(action.node.name);
    if (nodeId === undefined) return true;
    return this.startedNow(nodeId) < this.throttle.jobs(nodeId, this.option("node-action-limit"));
  }

  /** Orders of this pass are not delivered yet, so they are counted here. */
  private readonly sent = new Map<number, number>();

  private startedNow(nodeId: number): number {
    return this.inFlight.count(nodeId) + (this.sent.get(nodeId) ?? 0);
  }

  /** Something happened that may let an action start; a pass over a large graph is not for every message. */
  private passDue = false;

  private drive(): void {
    const { engine } = this;
    if (engine === undefined || !this.passDue || !this.membership.isSettled) return;
    this.passDue = false;
    for (;;) {
      const pass = engine.pass((action) => this.fire(action));
      if (pass.state === "active") continue;
      if (pass.state === "pending") return;
      const word = { complete: "Complete", stopped: "Stopped", terminated: "Terminated" }[
        pass.state
      ];
      this.context.log(
        pass.state === "terminated" ? "warning" : "notice",
        `Transition ${this.transition} (Complete=${pass.completed}, Pending=${pass.pending}, ` +
          `Fired=${pass.fired}, Skipped=${pass.skipped}, Incomplete=${pass.incomplete}): ${word}`,
      );
      this.finish(engine);
      return;
    }
  }

  private finish(engine: TransitionEngine): void {
    this.engine = undefined;
    this.sent.clear();
    if (engine.completion === "restart") {
      this.enter("plan is done, make another");
      return;
    }
    this.enter("plan is done");
    if (this.leaveSelf) {
      this.leaveSelf = false;
      const { label } = this.membership;
      this.context.multicast({ kind: "leave-granted", label, to: this.context.config.nodeId });
    }
  }

  private fire(action: GraphAction): Fired {
    if (action.kind === "pseudo_event") return "done";
    if (action.kind === "crm_event") return this.fireEvent(action);
    const nodeId =
      action.node === undefined ? undefined : this.membership.nodeIdOf(action.node.name);
    if (nodeId === undefined || !this.membership.members.includes(nodeId)) {
      this.trigger("Node unknown");
      return "failed";
    }
    const key = transitionKey(action, this.transition, this.uuid);
    this.context.log(
      "notice",
      `Initiating ${action.operation} operation ${action.operationKey} on ${action.node?.name} ` +
        `| action ${action.id}`,
    );
    this.context.multicast({
      kind: "order",
      label: this.membership.label,
      to: nodeId,
      key,
      now: this.context.epoch(),
      body: writeXml(orderXml(action, key), { indent: false }),
    });
    if (action.attributes.get("CRM_meta_op_no_wait") === "true") return "done";
    this.sent.set(nodeId, (this.sent.get(nodeId) ?? 0) + 1);
    if (migrationEnds(action).length > 0) this.migrations.push(action);
    this.armAction(action);
    return "pending";
  }

  private armAction(action: GraphAction): void {
    const timeout = Number.parseInt(action.attributes.get("CRM_meta_timeout") ?? "", 10);
    const own = Number.isSafeInteger(timeout) && timeout > 0 ? timeout : CLUSTER_DELAY_MS;
    this.context.setTimer(`action:${this.transition}:${action.id}`, own + CLUSTER_DELAY_MS);
  }

  private fireEvent(action: GraphAction): Fired {
    const name = action.node?.name ?? "";
    const nodeId = this.membership.nodeIdOf(name);
    switch (action.operation) {
      case "do_shutdown":
        if (nodeId === this.context.config.nodeId) this.leaveSelf = true;
        else if (nodeId !== undefined) {
          const { label } = this.membership;
          this.context.multicast({ kind: "leave-granted", label, to: nodeId });
        }
        return "done";
      case "clear_failcount":
        this.context.multicast({
          kind: "clear-failure",
          node: name,
          resource: action.primitive?.id ?? "",
          operation: "",
          intervalMs: 0,
          dropEntry: true,
        });
        return "done";
      case "stonith":
        this.context.log(
          "error",
          `Fencing of ${name} was asked for, but this version cannot fence`,
        );
        this.engine?.abort(INFINITE_PRIORITY, "wait", "Stonith failed");
        return "failed";
      default:
        return "done";
    }
  }

  /** An order was delivered: it counts as under way now. */
  ordered(nodeId: number, key: string): void {
    this.inFlight.ordered(nodeId, key);
    const sent = this.sent.get(nodeId) ?? 0;
    if (sent > 0) this.sent.set(nodeId, sent - 1);
  }

  /** A result with history was delivered. */
  result(nodeId: number, result: Result): void {
    this.inFlight.done(nodeId, result.key);
    this.passDue = true;
    if (!this.membership.isController) return;
    const key = parseKey(result.key);
    const { engine } = this;
    if (key === undefined || key.transition < 0) {
      this.trigger("Unexpected event");
      return;
    }
    if (key.uuid !== this.uuid) {
      this.trigger("Foreign event");
      return;
    }
    if (engine === undefined || key.transition !== this.transition) {
      this.trigger(result.intervalMs > 0 ? "Change in recurring result" : "Old event");
      return;
    }
    const action = engine.action(key.action);
    const failed =
      result.onFail !== "ignore" &&
      (effectiveRc(result.rc) !== result.targetRc || result.status === OpStatus.timeout);
    if (engine.confirm(key.action, failed) !== "confirmed") {
      this.trigger("Change in recurring result");
      return;
    }
    this.context.cancelTimer(`action:${this.transition}:${key.action}`);
    if (!failed || action === undefined) return;
    this.trigger("Event failed", engine.priorityOf(key.action) + 1);
  }

  /** An answer without history was delivered. */
  ack(nodeId: number, key: string, rc: number, status: number): void {
    this.inFlight.done(nodeId, key);
    this.passDue = true;
    if (!this.membership.isController) return;
    const parsed = parseKey(key);
    if (parsed === undefined || parsed.uuid !== this.uuid) return;
    if (this.engine === undefined || parsed.transition !== this.transition) return;
    const action = this.engine.action(parsed.action);
    const target = Number(action?.attributes.get("CRM_meta_op_target_rc") ?? "0");
    const failed = status !== OpStatus.cancelled && rc !== target;
    if (this.engine.confirm(parsed.action, failed) !== "confirmed") return;
    this.context.cancelTimer(`action:${this.transition}:${parsed.action}`);
    if (failed || status === OpStatus.cancelled) this.trigger("Event failed");
  }

  /** History was deleted; with a key of ours this confirms a cancel or delete. */
  deleted(nodeId: number, key: string): void {
    this.inFlight.done(nodeId, key);
    this.passDue = true;
    if (!this.membership.isController) return;
    const parsed = parseKey(key);
    const ours =
      parsed !== undefined && parsed.uuid === this.uuid && parsed.transition === this.transition;
    if (ours && this.engine?.confirm(parsed.action, false) === "confirmed") {
      this.context.cancelTimer(`action:${this.transition}:${parsed.action}`);
      return;
    }
    this.trigger("Resource operation removal");
  }

  /** Timers of ours; false when it is somebody else's. */
  timer(name: string): boolean {
    if (name === "recheck") {
      this.trigger("Recheck");
      return true;
    }
    if (name === "managers") {
      if (this.absent.timedOut()) this.trigger("Manager lost");
      return true;
    }
    if (!name.startsWith("action:")) return false;
    const [, transition, id] = name.split(":");
    const action = Number(id);
    if (this.engine === undefined || Number(transition) !== this.transition) return true;
    if (!this.engine.isPending(action)) return true;
    this.context.log("error", `Action ${action} of transition ${transition} was lost`);
    this.passDue = true;
    this.engine.confirm(action, true);
    for (const nodeId of this.membership.members) {
      const found = this.engine.action(action);
      if (found !== undefined) {
        this.inFlight.done(nodeId, transitionKey(found, this.transition, this.uuid));
      }
    }
    this.trigger("Action lost");
    return true;
  }

  /** Does a started action take this node down, so that its losses are no surprise? */
  isDownExpected(nodeId: string): boolean {
    return this.engine?.isDownExpected(nodeId) === true;
  }

  /** Option of the configuration, for callers that have the controller at hand. */
  option(name: string): string | undefined {
    return clusterOption(this.port.doc(), name);
  }
}
