/**
 * ALL timeouts and limits of the project in one table: name, value, unit in the name, reason beside it.
 * Anything that comes from a network, a client or a file is bounded by a row here.
 */
export const limits = {
  /** A CIB or any XML document read from a file, client or peer. The largest real CIBs are below 20 MB. */
  xmlDocumentBytes: 64 * 1024 * 1024,
  /** A CIB that a tool reads from a file or standard input: 64 nodes with 5,000 resources have 180 MB of history. */
  xmlFileBytes: 512 * 1024 * 1024,
  /** Nesting of elements; real CIBs stay below 20. */
  xmlDepth: 256,
  /** An XPath expression of a tool, client or access rule; real ones are below 300 characters. */
  xpathBytes: 64 * 1024,
  /** Nesting of parentheses and predicates in an XPath expression. */
  xpathDepth: 32,
  /** Elements that one XPath evaluation may look at: ten passes over the largest real CIB, a second or two. */
  xpathVisits: 5_000_000,
  /** Members of a ring on the wire (spec/totem section 1.9). */
  ringMembers: 384,
  /** Largest application message of the ring (spec/totem section 1.9). */
  ringMessageBytes: 1024 * 1024,
  /** Ring sequences above this are refused: no ring forms that often, and later sums stay exact. */
  ringSequence: 2 ** 52,
  /** Bytes a node's send queue of the ring takes before clients are told to wait (spec/totem section 1.9). */
  ringQueuedBytes: 4 * 1024 * 1024,
  /** Bytes it takes at most, as sync must be able to speak with a full queue; beyond, messages are refused. */
  ringQueuedBytesMost: 16 * 1024 * 1024,
  /** corosync.conf: larger is refused. */
  configurationBytes: 1024 * 1024,
  /** Clients of one IPC service at once. */
  ipcClientsPerService: 512,
  /** Largest message a client may negotiate. */
  ipcMessageBytes: 32 * 1024 * 1024,
  /** Connections that have not finished the setup exchange, per service, and how long each may take. */
  ipcPendingSetups: 128,
  ipcSetupMs: 10_000,
  /** Requests taken from one client before the event loop turns to others. */
  ipcRequestsPerTurn: 64,
  /** Events and responses that wait in memory for a client that does not read; beyond, it is dropped. */
  ipcBacklogMessages: 10_000,
  ipcBacklogBytes: 64 * 1024 * 1024,
  /** Largest value of the configuration map; the original's clients send at most 1 MiB messages. */
  cmapValueBytes: 1024 * 1024 - 512,
  /** Opening or ending one container of a lab on a busy machine. */
  labBootMs: 20_000,
  /** Keys of the configuration map; a big cluster has a few thousand. */
  cmapKeys: 100_000,
  /** Iterations and tracks that one client of cmap or cpg may have open. */
  ipcHandlesPerClient: 1024,
  /** Times at which the ring's process did not run, kept for the statistics. */
  scheduleMisses: 10,
  /** Messages of local clients that wait for room in the ring's send queue. */
  ringBacklogMessages: 4096,
  /** pacemakerd moves its resources away before it ends; after this it is killed. */
  managerStopMs: 20 * 60 * 1000,
  /** Longest wait before pacemakerd is started again. */
  managerBackoffMs: 10_000,
  /** Multicasts that wait for a busy ring: above the first, pacemakerd's clients wait too; below the second, no longer. */
  managerOutboxHigh: 200,
  managerOutboxLow: 20,
  /** At the end: how long the last multicasts may take. */
  managerFarewellMs: 1000,
  /** Messages of this size fit every connection to pacemakerd; a larger CIB travels packed or not at all. */
  managerMessageBytes: 1024 * 1024,
  /** Keys of the ring: what corosync-keygen makes and the originals take. */
  ringKeyMinimumBytes: 128,
  ringKeyMaximumBytes: 4096,
} as const;
