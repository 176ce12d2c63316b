/** The implementation of lib/crm/ports.ts for this host: one CIB, its cluster, the host's agents and files. */
import type { Session } from "../../lib/cli/tool.ts";
import type { Ports } from "../../lib/crm/ports.ts";
import { HostAgents } from "./agent-port.ts";
import { ShellCib } from "./cib-port.ts";
import { ShellCluster } from "./cluster-port.ts";
import { ShellHost } from "./host-port.ts";

/** What they connect to stays so as long as the process lives. */
export function openPorts(session: Session): Ports {
  const cib = new ShellCib(session);
  return {
    cib,
    shadow: cib,
    agents: new HostAgents(session),
    cluster: new ShellCluster(session, cib),
    host: new ShellHost(session),
  };
}
