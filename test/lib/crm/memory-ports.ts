/** Ports of the shell over values in memory, and a terminal that answers from a list: what the shell's tests work with. */
import { type CibDoc, cibDoc } from "../../../lib/cib/document.ts";
import { levels } from "../../../lib/crm/levels/levels.ts";
import { Shell, type ShellSwitches } from "../../../lib/crm/levels/shell.ts";
import type { CommitOutcome, Ports, ResourcePlace } from "../../../lib/crm/ports.ts";
import type { AgentInfo } from "../../../lib/ocf/metadata.ts";
import { child, withAttr } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { writeXml } from "../../../lib/xml/write.ts";

export const EMPTY = `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">
  <configuration>
    <crm_config/>
    <nodes>
      <node id="server6" uname="server6"/>
      <node id="server7" uname="server7"/>
    </nodes>
    <resources/>
    <constraints/>
  </configuration>
  <status/>
</cib>`;

const IPADDR: AgentInfo = {
  name: "IPaddr",
  shortDescription: "an address",
  longDescription: "",
  parameters: ["ip", "nic"].map((name) => ({
    name,
    required: name === "ip",
    unique: false,
    type: "string",
    defaultValue: undefined,
    shortDescription: `the ${name}`,
    longDescription: `more about ${name}`,
  })),
  actions: ["start", "stop", "monitor"].map((name) => ({
    name,
    attrs: new Map([["timeout", "20s"]]),
  })),
};

/** One cluster in memory with one agent, ocf:heartbeat:IPaddr, and init scripts named httpd. */
export class MemoryCluster {
  doc: CibDoc;
  writes = 0;
  readonly files = new Map<string, string>();
  running: Record<string, readonly ResourcePlace[]> = {};
  out = "";
  err = "";
  /** Answers of the person; undefined: nobody is there. */
  answers: boolean[] | undefined;
  readonly questions: string[] = [];

  constructor(xml = EMPTY) {
    this.doc = cibDoc(parseXml(xml));
  }

  /** Somebody else's change. */
  set(edit: (doc: CibDoc) => CibDoc): void {
    const next = edit(this.doc).root;
    this.doc = cibDoc(withAttr(next, "epoch", String(this.doc.version.epoch + 1)));
  }

  xml(): string {
    return writeXml(this.doc.root);
  }

  private async write(base: CibDoc, edited: CibDoc): Promise<CommitOutcome> {
    const section = (doc: CibDoc) => child(doc.root, "configuration");
    if (section(base) !== section(this.doc)) {
      return { kind: "stale", read: base.version, current: this.doc };
    }
    this.set(() => edited);
    this.writes++;
    return { kind: "done" };
  }

  ports(): Ports {
    const refuse = () => Promise.reject(new Error("not in this test"));
    return {
      cib: {
        name: "live",
        live: true,
        query: async () => this.doc,
        commit: (base, edited) => this.write(base, edited),
        change: (edit) => this.write(this.doc, edit(this.doc)),
      },
      shadow: {
        list: async () => [],
        create: refuse,
        use: refuse,
        remove: refuse,
        liveDoc: async () => this.doc,
        read: refuse,
        commit: refuse,
      },
      agents: {
        classes: () => [
          { name: "lsb", providers: [] },
          { name: "ocf", providers: ["heartbeat"] },
        ],
        list: (standard) => (standard === "lsb" ? ["httpd"] : ["IPaddr"]),
        providersOf: (type) => (type === "IPaddr" ? ["heartbeat"] : []),
        info: async ({ type }) => (type === "IPaddr" ? IPADDR : undefined),
        exists: ({ type }) => type === "httpd" || type === "IPaddr",
        validate: async () => ({ exit: 0, text: "" }),
      },
      cluster: {
        verify: async () => ({ lines: [], failed: false }),
        status: async () => "status\n",
        resourceList: async () => "list\n",
        explain: async (resource) => `why ${resource}\n`,
        resourceReport: async (options) => `crm_resource ${options.join(" ")}\n`,
        places: async (_doc, id) => this.running[id] ?? [],
        online: async () => ["server6"],
        simulate: async () => "simulated\n",
        cleanup: async () => "",
        setTransient: async () => {},
        fence: refuse,
        confirmDown: refuse,
        removeNode: async () => {},
        settle: async () => {},
      },
      host: {
        hostName: "server6",
        env: { HOME: "/home" },
        now: () => 0,
        sleep: async () => {},
        readText: async (path) => this.files.get(path) ?? "",
        writeText: async (path, text) => {
          this.files.set(path, text);
        },
        pipe: async (_command, input) => input,
        edit: async (text) => text,
      },
    };
  }

  shell(switches: Partial<ShellSwitches> = {}): Shell {
    const { answers } = this;
    const terminal = {
      out: (text: string) => {
        this.out += text;
      },
      err: (text: string) => {
        this.err += text;
      },
      columns: 80,
      ...(answers === undefined
        ? {}
        : {
            confirm: async (question: string) => {
              this.questions.push(question);
              return answers.shift() ?? false;
            },
          }),
    };
    const all = { force: false, wait: false, display: "plain", ...switches } as const;
    return new Shell(levels, this.ports(), terminal, all);
  }

  /** Runs lines in one shell and leaves it; whether all succeeded. */
  async run(...lines: readonly string[]): Promise<boolean> {
    const shell = this.shell();
    let ok = true;
    for (const line of lines) ok = (await shell.runLine(line)) && ok;
    return (await shell.leaveAll()) && ok;
  }
}
