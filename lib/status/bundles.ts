/**
 * Bundles: the containers, addresses, connections, nodes and the clone that one element stands for
 * (spec/scheduler-2 sections 14.1 to 14.4).
 */
import { INFINITY } from "../base/score.ts";
import type { Bundle, Clone, Primitive } from "../cib/model.ts";
import { readPrimitive } from "../cib/read.ts";
import { attr, child, childrenOf, element, type XmlElement } from "../xml/node.ts";
import { Discovery } from "./node-table.ts";
import { connectionXml, setKind, toInteger } from "./nodes.ts";
import { isTruthy, parseBoolean } from "./options.ts";
import type { Reader } from "./reader.ts";
import type { BundleTraits, NodeState, Replica, ResourceState } from "./state.ts";

const REMOTE_PORT = "3121";
const REMOTE_DAEMON = "/usr/sbin/pacemaker-remoted";
const AUTH_KEY = "/etc/pacemaker/authkey";
const LOG_FOLDER = "/var/log/pacemaker/bundles";
const LOG_TARGET = "/var/log";
/** How much a bundled resource wants its own node before assignment says more. */
const OWN_NODE_SCORE = 500;

/** Makes a resource of a configuration below a parent; lib/status/resources.ts passes its own. */
export type Unpack = (
  config: Primitive | Clone,
  parent: ResourceState,
) => ResourceState | undefined;

interface Mount {
  readonly source: string;
  readonly target: string;
  readonly options: string | undefined;
  /** Each replica has a folder of its own below the source. */
  readonly perReplica: boolean;
}

interface Port {
  readonly host: string;
  readonly inside: string;
}

interface Plan {
  readonly technology: "docker" | "podman";
  readonly id: string;
  readonly image: string;
  readonly network: string | undefined;
  readonly options: string | undefined;
  readonly command: string | undefined;
  readonly replicas: number;
  readonly perHost: number;
  readonly promotedMax: number;
  readonly firstAddress: string | undefined;
  readonly netmask: string | undefined;
  readonly interfaceName: string | undefined;
  readonly controlPort: string | undefined;
  readonly addHost: boolean;
  readonly mounts: readonly Mount[];
  readonly ports: readonly Port[];
  readonly hasChild: boolean;
}

function readMounts(xml: XmlElement, hasChild: boolean): Mount[] {
  const mounts: Mount[] = [];
  const storage = child(xml, "storage");
  for (const mapping of storage === undefined ? [] : childrenOf(storage, "storage-mapping")) {
    const root = attr(mapping, "source-dir-root");
    const source = attr(mapping, "source-dir") ?? root;
    const target = attr(mapping, "target-dir");
    if (source === undefined || target === undefined) continue;
    const options = attr(mapping, "options");
    const perReplica = attr(mapping, "source-dir") === undefined;
    mounts.push({ source, target, options, perReplica });
  }
  if (!hasChild) return mounts;
  const hasLogs = mounts.some((mount) => mount.target === LOG_TARGET);
  mounts.push({ source: AUTH_KEY, target: AUTH_KEY, options: undefined, perReplica: false });
  if (!hasLogs) {
    mounts.push({ source: LOG_FOLDER, target: LOG_TARGET, options: undefined, perReplica: true });
  }
  return mounts;
}

function readPorts(network: XmlElement | undefined, implied: string | undefined): Port[] {
  const ports: Port[] = [];
  for (const mapping of network === undefined ? [] : childrenOf(network, "port-mapping")) {
    const host = attr(mapping, "port") ?? attr(mapping, "range");
    if (host === undefined) continue;
    const inside = attr(mapping, "range") ?? attr(mapping, "internal-port") ?? host;
    ports.push({ host, inside });
  }
  if (implied !== undefined) ports.push({ host: implied, inside: implied });
  return ports;
}

/** What the element asks for; undefined when it cannot be used. */
function readPlan(config: Bundle): Plan | undefined {
  const { xml } = config;
  const container = child(xml, "docker") ?? child(xml, "podman");
  if (container === undefined) return undefined;
  const technology = container.name === "docker" ? "docker" : "podman";
  const promotedText = attr(container, "promoted-max") ?? attr(container, "masters");
  const promotedMax = Math.max(0, toInteger(promotedText));
  const replicasText = attr(container, "replicas");
  const byRole = promotedMax > 0 ? promotedMax : 1;
  const replicas = replicasText === undefined ? byRole : Math.max(1, toInteger(replicasText));
  const network = child(xml, "network");
  const firstAddress = network === undefined ? undefined : attr(network, "ip-range-start");
  const controlPort = network === undefined ? undefined : attr(network, "control-port");
  const hasChild = config.child !== undefined;
  if (hasChild && firstAddress === undefined && controlPort === undefined) return undefined;
  let perHost = Math.max(1, toInteger(attr(container, "replicas-per-host") ?? "1"));
  if (hasChild && firstAddress === undefined) perHost = 1;
  return {
    technology,
    id: config.id,
    image: attr(container, "image") ?? "",
    network: attr(container, "network"),
    options: attr(container, "options"),
    command: attr(container, "run-command"),
    replicas,
    perHost,
    promotedMax,
    firstAddress,
    netmask: network === undefined ? undefined : attr(network, "host-netmask"),
    interfaceName: network === undefined ? undefined : attr(network, "host-interface"),
    controlPort,
    addHost: network === undefined || parseBoolean(attr(network, "add-host")) !== false,
    mounts: readMounts(xml, hasChild),
    ports: readPorts(network, hasChild ? (controlPort ?? REMOTE_PORT) : undefined),
    hasChild,
  };
}

/** The next address: the last octet grows, after 254 the third one. */
function nextAddress(address: string): string | undefined {
  const octets = address.split(".").map(Number);
  if (octets.length !== 4 || octets.some(Number.isNaN)) return undefined;
  const [a, b, c, d] = octets as [number, number, number, number];
  if (d < 254) return `${a}.${b}.${c}.${d + 1}`;
  return c > 253 ? undefined : `${a}.${b}.${c + 1}.1`;
}

function addressesOf(plan: Plan): (string | undefined)[] {
  const addresses: (string | undefined)[] = [];
  let next = plan.firstAddress;
  for (let i = 0; i < plan.replicas; i++) {
    addresses.push(next);
    next = next === undefined ? undefined : nextAddress(next);
  }
  return addresses;
}

/** Names of all replicas for the containers' hosts files. */
function hostEntries(plan: Plan, addresses: readonly (string | undefined)[]): string {
  let text = "";
  addresses.forEach((address, i) => {
    if (address === undefined) return;
    text += plan.addHost
      ? ` --add-host=${plan.id}-${i}:${address}`
      : ` --hosts-entry=${address}=${plan.id}-${i}`;
  });
  return text;
}

function mountSource(plan: Plan, mount: Mount, number: number): string {
  return mount.perReplica ? `${mount.source}/${plan.id}-${number}` : mount.source;
}

function runOptions(
  plan: Plan,
  number: number,
  address: string | undefined,
  hosts: string,
): string {
  const parts: string[] = [];
  if (plan.technology === "docker") parts.push("--restart=no");
  if (plan.firstAddress !== undefined) parts.push(`-h ${plan.id}-${number}`);
  parts.push("-e PCMK_stderr=1");
  if (plan.network !== undefined) parts.push(`--net=${plan.network}`);
  parts.push(`-e PCMK_remote_port=${plan.controlPort ?? REMOTE_PORT}`);
  for (const mount of plan.mounts) {
    const options = mount.options === undefined ? "" : `:${mount.options}`;
    parts.push(`-v ${mountSource(plan, mount, number)}:${mount.target}${options}`);
  }
  for (const port of plan.ports) {
    if (address !== undefined) parts.push(`-p ${address}:${port.host}:${port.inside}`);
    else if (plan.network !== "host") parts.push(`-p ${port.host}:${port.inside}`);
  }
  if (plan.options !== undefined) parts.push(plan.options);
  return `${parts.map((part) => ` ${part}`).join("")} ${hosts}`;
}

type Pair = readonly [name: string, value: string | undefined];

function implied(
  id: string,
  provider: string,
  type: string,
  parameters: readonly Pair[],
  monitor: string,
): XmlElement {
  const set = `${id}-attributes`;
  const pairs = parameters
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => element("nvpair", { id: `${set}-${name}`, name, value }));
  return element("primitive", { id, class: "ocf", provider, type }, [
    element("instance_attributes", { id: set }, pairs),
    element("operations", {}, [
      element("op", { id: `${id}-monitor-${monitor}`, name: "monitor", interval: monitor }),
    ]),
  ]);
}

function containerXml(
  plan: Plan,
  number: number,
  address: string | undefined,
  hosts: string,
): XmlElement {
  const own = plan.mounts.filter((mount) => mount.perReplica);
  const command = plan.command ?? (plan.hasChild ? REMOTE_DAEMON : undefined);
  return implied(
    sanitize(`${plan.id}-${plan.technology}-${number}`),
    "heartbeat",
    plan.technology,
    [
      ["image", plan.image],
      ["allow_pull", "true"],
      ["force_kill", "false"],
      ["reuse", "false"],
      ["run_opts", runOptions(plan, number, address, hosts)],
      ["mount_points", own.map((mount) => mountSource(plan, mount, number)).join(",")],
      ["run_cmd", command],
      ["monitor_cmd", "/bin/true"],
    ],
    "60s",
  );
}

function addressXml(plan: Plan, address: string): XmlElement {
  return implied(
    sanitize(`${plan.id}-ip-${address}`),
    "heartbeat",
    "IPaddr2",
    [
      ["ip", address],
      ["nic", plan.interfaceName],
      ["cidr_netmask", plan.netmask ?? "32"],
    ],
    "60s",
  );
}

/** Characters that XML ids may not have become dots. */
function sanitize(id: string): string {
  return id.replace(/[^A-Za-z0-9_.-]/g, ".");
}

/** The clone that the contained primitive becomes. */
function cloneConfig(plan: Plan, config: Bundle, primitive: Primitive): Clone {
  const id = `${config.id}-${plan.promotedMax > 0 ? "master" : "clone"}`;
  const set = `${id}-meta`;
  const values: (readonly [string, string])[] = [
    ["ordered", "true"],
    ["clone-max", String(plan.replicas)],
    ["clone-node-max", String(plan.perHost)],
    ["globally-unique", plan.perHost > 1 ? "true" : "false"],
  ];
  if (plan.promotedMax > 0) {
    values.push(["promotable", "true"], ["promoted-max", String(plan.promotedMax)]);
  }
  const pairs = values.map(([name, value]) =>
    element("nvpair", { id: `${set}-${name}`, name, value }),
  );
  const meta = element("meta_attributes", { id: set }, pairs);
  return {
    kind: "clone",
    id,
    xml: element("clone", { id }, [meta, primitive.xml]),
    meta: [meta],
    parameters: [],
    utilization: [],
    isMaster: false,
    child: primitive,
  };
}

/** The node behind a replica's connection; nothing else may run or be looked for there. */
function bundleNode(reader: Reader, name: string): NodeState {
  let node = reader.nodeByName(name);
  if (node === undefined) node = reader.addNode(name, name, "guest", undefined);
  node.kind = "guest";
  node.unclean = false;
  node.baseScore = -INFINITY;
  node.baseDiscovery = Discovery.never;
  setKind(node);
  const forbid = (resource: ResourceState): void => {
    if (resource.allowed.has(node.index)) {
      resource.allowed.set(node.index, -INFINITY, Discovery.never);
    }
    for (const c of resource.children) forbid(c);
  };
  for (const resource of reader.resources) forbid(resource);
  return node;
}

interface Build {
  readonly reader: Reader;
  readonly bundle: ResourceState;
  readonly plan: Plan;
  readonly unpack: Unpack;
  readonly clone: ResourceState | undefined;
}

function connectReplica(
  build: Build,
  number: number,
  container: ResourceState,
  address: string | undefined,
  bundled: ResourceState,
) {
  const { reader, bundle, plan, unpack, clone } = build;
  let name = `${plan.id}-${number}`;
  if (reader.findResource(name) !== undefined) {
    name = `pcmk-internal-${bundled.id}-remote-${number}`;
  }
  const node = bundleNode(reader, name);
  const xml = connectionXml(name, container.id, {
    address: address ?? "#uname",
    port: plan.controlPort ?? REMOTE_PORT,
    timeout: undefined,
    allowMigrate: undefined,
    managed: undefined,
  });
  const connection = unpack(readPrimitive(xml), bundle);
  if (connection === undefined) return undefined;
  connection.nestingAllowed = true;
  connection.launcher = container;
  container.launched.push(connection);
  node.connection = connection;
  for (const other of reader.nodesByIndex) {
    if (other.isRemote && connection.allowed.has(other.index)) {
      connection.allowed.setScore(other.index, -INFINITY);
    }
  }
  for (const index of reader.nodesByIndex.keys()) bundled.allowed.remove(index);
  bundled.allowed.set(node.index, OWN_NODE_SCORE, Discovery.exclusive);
  bundled.exclusiveDiscovery = true;
  clone?.allowed.set(node.index, -INFINITY, Discovery.exclusive);
  container.utilization = new Map(bundled.utilization);
  bundled.utilization = new Map();
  return { connection, node };
}

function buildReplica(
  build: Build,
  number: number,
  address: string | undefined,
  hosts: string,
): Replica | undefined {
  const { bundle, plan, unpack, clone } = build;
  const container = unpack(readPrimitive(containerXml(plan, number, address, hosts)), bundle);
  if (container === undefined) return undefined;
  container.replicaContainer = true;
  bundle.children.push(container);
  let ip: ResourceState | undefined;
  if (address !== undefined) {
    ip = unpack(readPrimitive(addressXml(plan, address)), bundle);
    if (ip !== undefined) bundle.children.push(ip);
  }
  const bundled = clone?.children[number];
  if (bundled !== undefined && ip !== undefined) bundled.meta.set("external-ip", address!);
  const connected =
    bundled === undefined ? undefined : connectReplica(build, number, container, address, bundled);
  if (connected !== undefined) bundle.children.push(connected.connection);
  return {
    number,
    container,
    ip,
    connection: connected?.connection,
    child: bundled,
    node: connected?.node.index,
    address,
  };
}

/** Fills a bundle with its parts; false when it is invalid. */
export function unpackBundle(
  reader: Reader,
  bundle: ResourceState,
  config: Bundle,
  unpack: Unpack,
): boolean {
  const plan = readPlan(config);
  if (plan === undefined) return false;
  bundle.unique = plan.perHost > 1;
  const clone =
    config.child === undefined
      ? undefined
      : unpack(cloneConfig(plan, config, config.child), bundle);
  if (config.child !== undefined && clone === undefined) return false;
  if (clone !== undefined && isTruthy(clone.children[0]?.meta.get("notify"))) {
    clone.notify = true;
    bundle.notify = true;
  }
  const build: Build = { reader, bundle, plan, unpack, clone };
  const addresses = addressesOf(plan);
  const hosts = hostEntries(plan, addresses);
  const replicas: Replica[] = [];
  addresses.forEach((address, i) => {
    const replica = buildReplica(build, i, address, hosts);
    if (replica !== undefined) replicas.push(replica);
  });
  if (clone !== undefined) bundle.children.push(clone);
  const traits: BundleTraits = {
    image: plan.image,
    technology: plan.technology,
    replicasPerHost: plan.perHost,
    replicas,
  };
  bundle.bundle = traits;
  return true;
}
