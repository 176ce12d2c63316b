/** What of a cluster view to show: the display options of crm_mon as data (spec/outputs-and-tools B1.3, B2.5). */

export interface Display {
  /** -r: resources that run nowhere too. */
  readonly inactive: boolean;
  /** -n: resources below their nodes. */
  readonly groupByNode: boolean;
  /** -f */
  readonly failCounts: boolean;
  /** -o */
  readonly operations: boolean;
  /** -t: times of operations. */
  readonly timing: boolean;
  /** -A */
  readonly attributes: boolean;
  /** -c */
  readonly tickets: boolean;
  /** -L: undefined = no; "" = all; otherwise ids that begin so. */
  readonly bans: string | undefined;
  /** -R: ids, every instance of a clone, the parts of bundles. */
  readonly detail: boolean;
  /** Descriptions of resources. */
  readonly descriptions: boolean;
  /** -b: counts instead of lines. */
  readonly brief: boolean;
  /** Sections, for --include and --exclude. */
  readonly summary: boolean;
  /** Parts of the summary. */
  readonly stack: boolean;
  readonly dc: boolean;
  readonly times: boolean;
  readonly counts: boolean;
  readonly maintenanceMode: boolean;
  readonly nodes: boolean;
  readonly resources: boolean;
  readonly failures: boolean;
  readonly options: boolean;
  /** Host that shows it, for "Last updated: … on HOST"; "" for none. */
  readonly host: string;
  /** "Pacemaker is running" and the like; "" when not asked. */
  readonly daemonState: string;
}

export const DEFAULT_DISPLAY: Display = {
  inactive: false,
  groupByNode: false,
  failCounts: false,
  operations: false,
  timing: false,
  attributes: false,
  tickets: false,
  bans: undefined,
  detail: false,
  descriptions: false,
  brief: false,
  summary: true,
  stack: true,
  dc: true,
  times: true,
  counts: true,
  maintenanceMode: true,
  nodes: true,
  resources: true,
  failures: true,
  options: false,
  host: "",
  daemonState: "",
};
