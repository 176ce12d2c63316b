/** ocf:pacemaker:Dummy: the Dummy with delays and failures on request. */
import { defineAgent } from "../../agent.ts";
import { DUMMY_ACTIONS, DUMMY_PARAMETERS } from "../dummy.ts";

export default defineAgent({
  provider: "pacemaker",
  name: "Dummy",
  version: "1.0",
  short: "A resource that does nothing, slowly if asked",
  long: "Does nothing but remember, in a file, whether it runs. It can wait before each action, and fail where told to.",
  parameters: [
    ...DUMMY_PARAMETERS,
    {
      name: "passwd",
      type: "string",
      default: "",
      reloadable: true,
      short: "A secret without meaning",
      long: "Nothing reads it; use it to try how secrets are kept out of sight.",
    },
    {
      name: "op_sleep",
      type: "integer",
      default: "0",
      reloadable: true,
      short: "Seconds to wait",
      long: "Seconds that start and stop wait before they act.",
    },
    {
      name: "fail_start_on",
      type: "string",
      default: "",
      reloadable: true,
      short: "Node on which start fails",
      long: "Name of a node on which start answers with an error.",
    },
  ],
  actions: DUMMY_ACTIONS,
});
