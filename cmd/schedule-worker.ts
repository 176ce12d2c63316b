/** The Worker entry: one long schedule after the other, so that the node answers meanwhile. build.ts compiles it in. */
import { cibDoc } from "../lib/cib/document.ts";
import { serveTasks } from "../lib/runtime/worker.ts";
import type { ScheduleOptions, ScheduleResult } from "../lib/scheduler/api.ts";
import { plainGraph } from "../lib/scheduler/graph/formed-action.ts";
import { schedule } from "../lib/scheduler/schedule.ts";
import { parseXml } from "../lib/xml/parse.ts";

/** The CIB travels as text: it is parsed beside the event loop, and shares nothing with the sender. */
export interface ScheduleTask {
  readonly cib: string;
  readonly now: number;
  readonly options: ScheduleOptions;
}

serveTasks<ScheduleTask, ScheduleResult>(({ cib, now, options }) => {
  const { graph, messages, recheckBy } = schedule(cibDoc(parseXml(cib)), now, options);
  return { graph: plainGraph(graph), messages, recheckBy };
});
