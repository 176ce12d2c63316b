/** ocf:heartbeat:Dummy */
import { defineAgent } from "../../agent.ts";
import { DUMMY_ACTIONS, DUMMY_PARAMETERS } from "../dummy.ts";

export default defineAgent({
  provider: "heartbeat",
  name: "Dummy",
  version: "1.0",
  short: "A resource that does nothing",
  long: "Does nothing but remember, in a file, whether it runs. For trying out a cluster.",
  parameters: DUMMY_PARAMETERS,
  actions: DUMMY_ACTIONS,
});
