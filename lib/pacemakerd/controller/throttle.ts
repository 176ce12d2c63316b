/**
 * How much may run at once (spec/runtime.md 2.3, limits): jobs of a node by its processors and load, synapses of the cluster by
 * the most loaded node, live migrations of a node. Every member says how loaded it is when it publishes and when that changes.
 * Differs: a node's load is that of the machine alone; the manager is one process, and the CIB is no separate burden.
 */
import type { GraphAction } from "../../scheduler/graph/model.ts";

/** none 0, low 1, medium 2, high 3. */
export type LoadLevel = 0 | 1 | 2 | 3;

const HIGH: LoadLevel = 3;
/** In the plugin form a batch has a limit of its own when none is set. */
const LEGACY_BATCH = 30;
const DEFAULT_THRESHOLD = 80;
/** A single processor is busy sooner. */
const SINGLE_FACTOR = 0.6;

/** `load-threshold` as a part of one; the default when it says nothing sensible. */
function thresholdOf(option: string | undefined): number {
  const percent = Number.parseFloat(option ?? "");
  return (Number.isFinite(percent) && percent > 0 ? percent : DEFAULT_THRESHOLD) / 100;
}

/** How loaded a machine is. `average`: its load of the last minute; `threshold`: the option load-threshold. */
export function loadLevel(
  average: number,
  cores: number,
  threshold: string | undefined,
): LoadLevel {
  const bearable = thresholdOf(threshold) * cores * (cores === 1 ? SINGLE_FACTOR : 1);
  const ratio = average / bearable;
  if (ratio > 2) return HIGH;
  if (ratio > 1.6) return 2;
  return ratio > 1.2 ? 1 : 0;
}

/** Jobs that a node of this level may have at once. `most`: without load. */
export function jobsAllowed(level: number, most: number): number {
  if (level >= HIGH) return 1;
  return Math.max(1, Math.floor(most / 2 ** level));
}

interface NodeLoad {
  readonly level: number;
  readonly cores: number;
}

export interface ThrottleOptions {
  /** Graph attribute batch-limit: 0 = by load, below 0 = none. */
  readonly batchLimit: string | undefined;
  readonly isLegacy: boolean;
}

export class Throttle {
  private readonly loads = new Map<number, NodeLoad>();

  /** A member's word on itself. */
  report(nodeId: number, level: number, cores: number): void {
    this.loads.set(nodeId, { level, cores });
  }

  keep(members: readonly number[]): void {
    for (const id of [...this.loads.keys()]) if (!members.includes(id)) this.loads.delete(id);
  }

  /** Jobs that a node may have at once. `limit`: the option node-action-limit. */
  jobs(nodeId: number, limit: string | undefined): number {
    const { level, cores } = this.loads.get(nodeId) ?? { level: 1, cores: 1 };
    const asked = Number.parseInt(limit ?? "", 10);
    const most = Number.isSafeInteger(asked) && asked > 0 ? asked : 2 * cores;
    return jobsAllowed(level, most);
  }

  /** Synapses of the whole cluster at once; 0 = any number. */
  batch({ batchLimit, isLegacy }: ThrottleOptions): number {
    const asked = Number.parseInt(batchLimit ?? "0", 10);
    const configured = Number.isSafeInteger(asked) ? asked : 0;
    if (configured < 0) return 0;
    const own = configured === 0 && isLegacy ? LEGACY_BATCH : configured;
    const isBusy = [...this.loads.values()].some(({ level }) => level >= HIGH);
    if (!isBusy) return own;
    const byLoad = Math.max(1, Math.floor(this.loads.size / 2));
    return own === 0 ? byLoad : Math.min(own, byLoad);
  }
}

/** Source and target of a live migration; empty for other actions. */
export function migrationEnds(action: GraphAction): readonly string[] {
  if (action.operation !== "migrate_to" && action.operation !== "migrate_from") return [];
  return ["CRM_meta_migrate_source", "CRM_meta_migrate_target"].flatMap(
    (name) => action.attributes.get(name) ?? [],
  );
}

/** May a migration start beside those under way? `limit`: graph attribute migration-limit; unset = any number. */
export function mayMigrate(
  action: GraphAction,
  underWay: readonly GraphAction[],
  limit: string | undefined,
): boolean {
  const most = Number.parseInt(limit ?? "-1", 10);
  if (!Number.isSafeInteger(most) || most < 0) return true;
  return migrationEnds(action).every(
    (node) => underWay.filter((other) => migrationEnds(other).includes(node)).length < most,
  );
}
