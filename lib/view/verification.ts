/**
 * What is wrong with a configuration: the schema's findings and what the scheduler says about it (spec/outputs-and-tools.md C).
 * Data only; crm_verify and the shell's verify print it, each in the form that the cluster's stack asks for.
 */
import { isRejection } from "../base/error.ts";
import { type CibDoc, cibDoc } from "../cib/document.ts";
import { NEWEST_SCHEMA, schemaName } from "../cib/schema.ts";
import { upgradeRoot } from "../cib/upgrade.ts";
import { problemLine, type ValidationProblem, validateCib } from "../cib/validate.ts";
import type { ScheduleMessage } from "../scheduler/api.ts";
import { scheduleStatus } from "../scheduler/schedule.ts";
import type { ClusterStatus } from "../status/state.ts";
import { readStatus } from "../status/status.ts";
import { attr, child, element, withAppended, type XmlElement } from "../xml/node.ts";
import type { TextForm } from "./cluster.ts";
import { configurationMessages } from "./configuration-checks.ts";
import { textForm } from "./form.ts";
import { statusMessages } from "./status-messages.ts";

/** Everything known about a configuration's validity. */
export interface Verification {
  readonly form: TextForm;
  readonly schemaProblems: readonly ValidationProblem[];
  /** In the order in which they arise. */
  readonly messages: readonly ScheduleMessage[];
  /** Why no current scheduler could use it; absent when it could. */
  readonly unusable: string | undefined;
  /** Some message is an error, or the schema has findings. */
  readonly hasErrors: boolean;
  readonly hasWarnings: boolean;
  /** Fencing is off, so that nodes that were never seen are not fenced. */
  readonly blindFaith: boolean;
}

/** Verifies a CIB. `now` is epoch seconds. */
export function verifyConfiguration(doc: CibDoc, now: number): Verification {
  const form = textForm(clusterStack(doc.root));
  const schemaProblems = validateCib(doc.root);
  const upgraded = upgradeRoot(doc.root);
  const findings: ScheduleMessage[] = [];
  let unusable: string | undefined;
  let blindFaith = false;
  if (isRejection(upgraded)) {
    unusable =
      "The cluster will NOT be able to use this configuration.\nPlease manually update the " +
      `configuration to conform to the ${schemaName(NEWEST_SCHEMA)} syntax.`;
  } else {
    const hasStatus = child(upgraded.root, "status") !== undefined;
    const complete = hasStatus ? upgraded.root : withAppended(upgraded.root, element("status"));
    const status = readStatus(cibDoc(complete), now);
    blindFaith = !status.options.fencingEnabled;
    findings.push(...configurationMessages(upgraded.root, form));
    findings.push(...fencingProblems(status, form, hasStatus));
    // Without a status there is nothing to schedule; what reading found stands.
    if (hasStatus) findings.push(...newMessages(scheduleStatus(status).messages, findings));
  }
  const hasErrors =
    unusable !== undefined ||
    schemaProblems.length > 0 ||
    findings.some((m) => m.level === "error");
  return {
    form,
    schemaProblems,
    messages: findings,
    unusable,
    hasErrors,
    hasWarnings: findings.some((m) => m.level === "warning"),
    blindFaith,
  };
}

/** What the scheduler adds; what is said already in the form of the cluster's stack is not repeated. */
function newMessages(
  messages: readonly ScheduleMessage[],
  said: readonly ScheduleMessage[],
): readonly ScheduleMessage[] {
  const texts = new Set(said.map((m) => m.text));
  return messages.filter(
    (m) => !texts.has(m.text) && !m.text.startsWith("Resource start-up disabled"),
  );
}

/** The value of cluster-infrastructure. */
function clusterStack(root: XmlElement): string | undefined {
  const configuration = child(root, "configuration");
  const options = configuration === undefined ? undefined : child(configuration, "crm_config");
  for (const set of options?.children ?? []) {
    const pair = set.children.find((p) => attr(p, "name") === "cluster-infrastructure");
    if (pair !== undefined) return attr(pair, "value");
  }
  return undefined;
}

/** Fencing is on but nothing can fence: nothing starts, and unclean nodes stay so. */
function fencingProblems(
  status: ClusterStatus,
  form: TextForm,
  hasStatus: boolean,
): readonly ScheduleMessage[] {
  const found: ScheduleMessage[] = statusMessages(status, form).filter(
    (message) => message.source === "unpack_resources",
  );
  if (found.length === 0 || form === "classic" || !hasStatus) return found;
  for (const node of status.nodes) {
    if (!node.unclean) continue;
    const text = `Node ${node.name} is unclean but cannot be fenced`;
    found.push({ level: "warning", source: "schedule_fencing_and_shutdowns", text });
  }
  return found;
}

/** One line for each finding of the schema, for people. */
export function schemaLines(verification: Verification): readonly string[] {
  return verification.schemaProblems.map(problemLine);
}
