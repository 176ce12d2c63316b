/**
 * Result codes: what an operation came to, as a number with a name and a text (spec/outputs-and-tools.md D0.2, D0.3;
 * numbers and names are those of the traditional tools). 0 is success, positive numbers are Linux errno values, from
 * -1001 downwards come the manager's own. On the wire the manager's own travel as *legacy* numbers 201 to 217.
 */
import { Exit, type ExitCode } from "./exit.ts";
import { lazy } from "./lazy.ts";

/** The manager's own codes by name. */
export const Rc = {
  ok: 0,
  error: -1001,
  unknownFormat: -1002,
  badNvpair: -1003,
  already: -1004,
  nodeUnknown: -1005,
  multiple: -1006,
  cibCorrupt: -1007,
  cibSave: -1008,
  cibBackup: -1009,
  cibModified: -1010,
  diffResync: -1011,
  diffFailed: -1012,
  oldData: -1013,
  transformFailed: -1014,
  schemaUnchanged: -1015,
  schemaValidation: -1016,
  noQuorum: -1017,
  ipcUnauthorized: -1018,
  ipcUnresponsive: -1019,
  ipcPidOnly: -1020,
  opUnsatisfied: -1021,
  undetermined: -1022,
  beforeRange: -1023,
  withinRange: -1024,
  afterRange: -1025,
  noOutput: -1026,
  noInput: -1027,
  underflow: -1028,
  dotError: -1029,
  graphError: -1030,
  invalidTransition: -1031,
  unpackError: -1032,
  duplicateId: -1033,
  disabled: -1034,
  badInput: -1035,
  badXmlPatch: -1036,
  noTransaction: -1037,
  nsResolution: -1038,
  compression: -1039,
  noDc: -1040,
  ipcMore: -1041,
  csInternal: -1042,
  digestMismatch: -1043,
} as const;

/** The errno values that the project names in its code; RESULT_TEXTS knows all. */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  ENXIO: 6,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ENOSYS: 38,
  ENOMSG: 42,
  ENODATA: 61,
  ETIME: 62,
  EPROTO: 71,
  ENOTUNIQ: 76,
  EBADMSG: 74,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  ECONNREFUSED: 111,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ECOMM: 70,
} as const;

/** Own codes: name, text, legacy number (0: it has none and travels as 201). */
const own = lazy((): readonly (readonly [number, string, string, number])[] => [
  [-1001, "error", "Error", 201],
  [-1002, "unknown_format", "Unknown output format", 217],
  [-1003, "bad_nvpair", "Bad name/value pair given", 216],
  [-1004, "already", "Already in requested state", 215],
  [-1005, "node_unknown", "Node not found", 214],
  [-1006, "multiple", "Resource active on multiple nodes", 213],
  [-1007, "cib_corrupt", "Could not parse on-disk configuration", 212],
  [-1008, "cib_save", "Could not save new configuration to disk", 210],
  [-1009, "cib_backup", "Could not archive previous configuration", 209],
  [-1010, "cib_modified", "On-disk configuration was manually modified", 208],
  [-1011, "diff_resync", "Application of update diff failed, requesting full refresh", 207],
  [-1012, "diff_failed", "Application of update diff failed", 206],
  [-1013, "old_data", "Update was older than existing configuration", 205],
  [-1014, "transform_failed", "Schema transform failed", 204],
  [-1015, "schema_unchanged", "Schema is already the latest available", 211],
  [-1016, "schema_validation", "Update does not conform to the configured schema", 203],
  [-1017, "no_quorum", "Operation requires quorum", 202],
  [-1018, "ipc_unauthorized", "IPC server is blocked by unauthorized process", 0],
  [-1019, "ipc_unresponsive", "IPC server is unresponsive", 0],
  [-1020, "ipc_pid_only", "IPC server process is active but not accepting connections", 0],
  [-1021, "op_unsatisfied", "Not applicable under current conditions", 0],
  [-1022, "undetermined", "Result undetermined", 0],
  [-1023, "before_range", "Result occurs before given range", 0],
  [-1024, "within_range", "Result occurs within given range", 0],
  [-1025, "after_range", "Result occurs after given range", 0],
  [-1026, "no_output", "Output message produced no output", 0],
  [-1027, "no_input", "Input file not available", 0],
  [-1028, "underflow", "Value too small to be stored in data type", 0],
  [-1029, "dot_error", "Error writing dot(1) file", 0],
  [-1030, "graph_error", "Error writing graph file", 0],
  [-1031, "invalid_transition", "Cluster simulation produced invalid transition", 0],
  [-1032, "unpack_error", "Unable to parse CIB XML", 0],
  [-1033, "duplicate_id", "Two or more XML elements have the same ID", 0],
  [-1034, "disabled", "Disabled", 0],
  [-1035, "bad_input", "Bad input value provided", 0],
  [-1036, "bad_xml_patch", "Bad XML patch format", 0],
  [-1037, "no_transaction", "No active transaction found", 0],
  [-1038, "ns_resolution", "Nameserver resolution error", 0],
  [-1039, "compression", "Compression/decompression error", 0],
  [-1040, "no_dc", "DC is not yet elected", 0],
  [-1041, "ipc_more", "More IPC message fragments to send", 0],
  [-1042, "cs_internal", "Internal corosync error", 0],
  [-1043, "digest_mismatch", "Digest does not match expected value", 0],
]);

/** Linux errno: number, name, text. */
const errnos = lazy((): readonly (readonly [number, string, string])[] => [
  [1, "EPERM", "Operation not permitted"],
  [2, "ENOENT", "No such file or directory"],
  [3, "ESRCH", "No such process"],
  [4, "EINTR", "Interrupted system call"],
  [5, "EIO", "Input/output error"],
  [6, "ENXIO", "No such device or address"],
  [7, "E2BIG", "Argument list too long"],
  [8, "ENOEXEC", "Exec format error"],
  [9, "EBADF", "Bad file descriptor"],
  [10, "ECHILD", "No child processes"],
  [11, "EAGAIN", "Resource temporarily unavailable"],
  [12, "ENOMEM", "Cannot allocate memory"],
  [13, "EACCES", "Permission denied"],
  [14, "EFAULT", "Bad address"],
  [15, "ENOTBLK", "Block device required"],
  [16, "EBUSY", "Device or resource busy"],
  [17, "EEXIST", "File exists"],
  [18, "EXDEV", "Invalid cross-device link"],
  [19, "ENODEV", "No such device"],
  [20, "ENOTDIR", "Not a directory"],
  [21, "EISDIR", "Is a directory"],
  [22, "EINVAL", "Invalid argument"],
  [23, "ENFILE", "Too many open files in system"],
  [24, "EMFILE", "Too many open files"],
  [25, "ENOTTY", "Inappropriate ioctl for device"],
  [26, "ETXTBSY", "Text file busy"],
  [27, "EFBIG", "File too large"],
  [28, "ENOSPC", "No space left on device"],
  [29, "ESPIPE", "Illegal seek"],
  [30, "EROFS", "Read-only file system"],
  [31, "EMLINK", "Too many links"],
  [32, "EPIPE", "Broken pipe"],
  [33, "EDOM", "Numerical argument out of domain"],
  [34, "ERANGE", "Numerical result out of range"],
  [35, "EDEADLK", "Resource deadlock avoided"],
  [36, "ENAMETOOLONG", "File name too long"],
  [37, "ENOLCK", "No locks available"],
  [38, "ENOSYS", "Function not implemented"],
  [39, "ENOTEMPTY", "Directory not empty"],
  [40, "ELOOP", "Too many levels of symbolic links"],
  [42, "ENOMSG", "No message of desired type"],
  [43, "EIDRM", "Identifier removed"],
  [44, "ECHRNG", "Channel number out of range"],
  [45, "EL2NSYNC", "Level 2 not synchronized"],
  [46, "EL3HLT", "Level 3 halted"],
  [47, "EL3RST", "Level 3 reset"],
  [48, "ELNRNG", "Link number out of range"],
  [49, "EUNATCH", "Protocol driver not attached"],
  [50, "ENOCSI", "No CSI structure available"],
  [51, "EL2HLT", "Level 2 halted"],
  [52, "EBADE", "Invalid exchange"],
  [53, "EBADR", "Invalid request descriptor"],
  [54, "EXFULL", "Exchange full"],
  [55, "ENOANO", "No anode"],
  [56, "EBADRQC", "Invalid request code"],
  [57, "EBADSLT", "Invalid slot"],
  [59, "EBFONT", "Bad font file format"],
  [60, "ENOSTR", "Device not a stream"],
  [61, "ENODATA", "No data available"],
  [62, "ETIME", "Timer expired"],
  [63, "ENOSR", "Out of streams resources"],
  [64, "ENONET", "Machine is not on the network"],
  [65, "ENOPKG", "Package not installed"],
  [66, "EREMOTE", "Object is remote"],
  [67, "ENOLINK", "Link has been severed"],
  [68, "EADV", "Advertise error"],
  [69, "ESRMNT", "Srmount error"],
  [70, "ECOMM", "Communication error on send"],
  [71, "EPROTO", "Protocol error"],
  [72, "EMULTIHOP", "Multihop attempted"],
  [73, "EDOTDOT", "RFS specific error"],
  [74, "EBADMSG", "Bad message"],
  [75, "EOVERFLOW", "Value too large for defined data type"],
  [76, "ENOTUNIQ", "Name not unique on network"],
  [77, "EBADFD", "File descriptor in bad state"],
  [78, "EREMCHG", "Remote address changed"],
  [79, "ELIBACC", "Can not access a needed shared library"],
  [80, "ELIBBAD", "Accessing a corrupted shared library"],
  [81, "ELIBSCN", ".lib section in a.out corrupted"],
  [82, "ELIBMAX", "Attempting to link in too many shared libraries"],
  [83, "ELIBEXEC", "Cannot exec a shared library directly"],
  [84, "EILSEQ", "Invalid or incomplete multibyte or wide character"],
  [85, "ERESTART", "Interrupted system call should be restarted"],
  [86, "ESTRPIPE", "Streams pipe error"],
  [87, "EUSERS", "Too many users"],
  [88, "ENOTSOCK", "Socket operation on non-socket"],
  [89, "EDESTADDRREQ", "Destination address required"],
  [90, "EMSGSIZE", "Message too long"],
  [91, "EPROTOTYPE", "Protocol wrong type for socket"],
  [92, "ENOPROTOOPT", "Protocol not available"],
  [93, "EPROTONOSUPPORT", "Protocol not supported"],
  [94, "ESOCKTNOSUPPORT", "Socket type not supported"],
  [95, "EOPNOTSUPP", "Operation not supported"],
  [96, "EPFNOSUPPORT", "Protocol family not supported"],
  [97, "EAFNOSUPPORT", "Address family not supported by protocol"],
  [98, "EADDRINUSE", "Address already in use"],
  [99, "EADDRNOTAVAIL", "Cannot assign requested address"],
  [100, "ENETDOWN", "Network is down"],
  [101, "ENETUNREACH", "Network is unreachable"],
  [102, "ENETRESET", "Network dropped connection on reset"],
  [103, "ECONNABORTED", "Software caused connection abort"],
  [104, "ECONNRESET", "Connection reset by peer"],
  [105, "ENOBUFS", "No buffer space available"],
  [106, "EISCONN", "Transport endpoint is already connected"],
  [107, "ENOTCONN", "Transport endpoint is not connected"],
  [108, "ESHUTDOWN", "Cannot send after transport endpoint shutdown"],
  [109, "ETOOMANYREFS", "Too many references: cannot splice"],
  [110, "ETIMEDOUT", "Connection timed out"],
  [111, "ECONNREFUSED", "Connection refused"],
  [112, "EHOSTDOWN", "Host is down"],
  [113, "EHOSTUNREACH", "No route to host"],
  [114, "EALREADY", "Operation already in progress"],
  [115, "EINPROGRESS", "Operation now in progress"],
  [116, "ESTALE", "Stale file handle"],
  [117, "EUCLEAN", "Structure needs cleaning"],
  [118, "ENOTNAM", "Not a XENIX named type file"],
  [119, "ENAVAIL", "No XENIX semaphores available"],
  [120, "EISNAM", "Is a named type file"],
  [121, "EREMOTEIO", "Remote I/O error"],
  [122, "EDQUOT", "Disk quota exceeded"],
  [123, "ENOMEDIUM", "No medium found"],
  [124, "EMEDIUMTYPE", "Wrong medium type"],
  [125, "ECANCELED", "Operation canceled"],
  [126, "ENOKEY", "Required key not available"],
  [127, "EKEYEXPIRED", "Key has expired"],
  [128, "EKEYREVOKED", "Key has been revoked"],
  [129, "EKEYREJECTED", "Key was rejected by service"],
  [130, "EOWNERDEAD", "Owner died"],
  [131, "ENOTRECOVERABLE", "State not recoverable"],
  [132, "ERFKILL", "Operation not possible due to RF-kill"],
  [133, "EHWPOISON", "Memory page has hardware error"],
]);

/** Exit codes: number, name after CRM_EX_, text. */
const exits = (): readonly (readonly [number, string, string])[] => [
  [0, "OK", "OK"],
  [1, "ERROR", "Error occurred"],
  [2, "INVALID_PARAM", "Invalid parameter"],
  [3, "UNIMPLEMENT_FEATURE", "Unimplemented"],
  [4, "INSUFFICIENT_PRIV", "Insufficient privileges"],
  [5, "NOT_INSTALLED", "Not installed"],
  [6, "NOT_CONFIGURED", "Not configured"],
  [7, "NOT_RUNNING", "Not running"],
  [8, "PROMOTED", "Promoted"],
  [9, "FAILED_PROMOTED", "Failed in promoted role"],
  [64, "USAGE", "Incorrect usage"],
  [65, "DATAERR", "Invalid data given"],
  [66, "NOINPUT", "Input file not available"],
  [67, "NOUSER", "User does not exist"],
  [68, "NOHOST", "Host does not exist"],
  [69, "UNAVAILABLE", "Necessary service unavailable"],
  [70, "SOFTWARE", "Internal software bug"],
  [71, "OSERR", "Operating system error occurred"],
  [72, "OSFILE", "System file not available"],
  [73, "CANTCREAT", "Cannot create output file"],
  [74, "IOERR", "I/O error occurred"],
  [75, "TEMPFAIL", "Temporary failure, try again"],
  [76, "PROTOCOL", "Protocol violated"],
  [77, "NOPERM", "Insufficient privileges"],
  [78, "CONFIG", "Invalid configuration"],
  [100, "FATAL", "Fatal error occurred, will not respawn"],
  [101, "PANIC", "System panic required"],
  [102, "DISCONNECT", "Not connected"],
  [103, "OLD", "Update was older than existing configuration"],
  [104, "DIGEST", "Digest mismatch"],
  [105, "NOSUCH", "No such object"],
  [106, "QUORUM", "Quorum required"],
  [107, "UNSAFE", "Operation not safe"],
  [108, "EXISTS", "Requested item already exists"],
  [109, "MULTIPLE", "Multiple items match request"],
  [110, "EXPIRED", "Requested item has expired"],
  [111, "NOT_YET_IN_EFFECT", "Requested item is not yet in effect"],
  [112, "INDETERMINATE", "Could not determine status"],
  [113, "UNSATISFIED", "Not applicable under current conditions"],
  [114, "NO_DC", "DC is not yet elected"],
  [124, "TIMEOUT", "Timeout occurred"],
  [190, "DEGRADED", "Service is active but might fail soon"],
  [191, "DEGRADED_PROMOTED", "Service is promoted but might fail soon"],
  [193, "NONE", "No exit status available"],
];

/** A code's own name and its text for people. */
export interface CodeText {
  readonly name: string;
  readonly text: string;
}

/** The legacy number of own codes that have none of their own, and the lowest of all legacy numbers. */
const NO_LEGACY = 201;

const UNKNOWN: CodeText = { name: "Unknown", text: "Error" };

const results = lazy(
  (): ReadonlyMap<number, CodeText> =>
    new Map([
      [0, { name: "pcmk_rc_ok", text: "OK" }] as const,
      ...own().map(([code, name, text]) => [code, { name: `pcmk_rc_${name}`, text }] as const),
      ...errnos().map(([code, name, text]) => [code, { name, text }] as const),
    ]),
);

const legacyCodes = lazy(
  (): ReadonlyMap<number, CodeText> =>
    new Map([
      [0, { name: "pcmk_ok", text: "OK" }] as const,
      ...errnos().map(([code, name, text]) => [code, { name, text }] as const),
      ...own()
        .filter(([, , , legacy]) => legacy > 0)
        .map(
          ([, name, text, legacy]) =>
            [legacy, { name: `pcmk_err_${name === "error" ? "generic" : name}`, text }] as const,
        ),
    ]),
);

const exitTexts = lazy(
  (): ReadonlyMap<number, CodeText> =>
    new Map(exits().map(([code, name, text]) => [code, { name: `CRM_EX_${name}`, text }] as const)),
);

/** Name and text of a result code; unknown ones are `Unknown`, `Error`. */
export function resultCode(code: number): CodeText {
  return results().get(code) ?? UNKNOWN;
}

/** Text of a result code ("No such device or address"). */
export function resultText(code: number): string {
  return resultCode(code).text;
}

/** Name and text of a legacy number (its sign does not matter). */
export function legacyCode(code: number): CodeText {
  return legacyCodes().get(Math.abs(code)) ?? UNKNOWN;
}

/** Name and text of an exit code. */
export function exitCode(code: number): CodeText {
  const known = exitTexts().get(code);
  if (known !== undefined) return known;
  const text =
    code > 128 && code < 255
      ? "Interrupted by signal"
      : code === 255
        ? "Error occurred"
        : "Unknown exit status";
  return { name: "CRM_EX_UNKNOWN", text };
}

/** The number a result code has on the wire: 0 or a positive legacy number. */
export function toLegacy(code: number): number {
  if (code >= 0) return code;
  const known = own().find(([number]) => number === code);
  return known === undefined || known[3] === 0 ? NO_LEGACY : known[3];
}

/** The result code of a number from the wire, whatever its sign. */
export function fromLegacy(legacy: number): number {
  const size = Math.abs(legacy);
  return size < NO_LEGACY ? size : (own().find((row) => row[3] === size)?.[0] ?? Rc.error);
}

/** Which exit code a result code ends a tool with; errno by name, as several share one. */
const exitByName = lazy(
  (): Readonly<Record<string, ExitCode>> => ({
    pcmk_rc_ok: Exit.ok,
    pcmk_rc_no_output: Exit.ok,
    pcmk_rc_within_range: Exit.ok,
    pcmk_rc_no_quorum: Exit.quorum,
    pcmk_rc_old_data: Exit.old,
    pcmk_rc_cib_corrupt: Exit.configError,
    pcmk_rc_schema_validation: Exit.configError,
    pcmk_rc_transform_failed: Exit.configError,
    pcmk_rc_unpack_error: Exit.configError,
    pcmk_rc_bad_nvpair: Exit.invalidParameter,
    EACCES: Exit.insufficientPrivileges,
    EBADF: Exit.software,
    EINVAL: Exit.software,
    EFAULT: Exit.software,
    ENOSYS: Exit.software,
    EOVERFLOW: Exit.software,
    pcmk_rc_underflow: Exit.software,
    pcmk_rc_compression: Exit.software,
    pcmk_rc_cs_internal: Exit.software,
    EBADMSG: Exit.protocol,
    EMSGSIZE: Exit.protocol,
    ENOMSG: Exit.protocol,
    ENOPROTOOPT: Exit.protocol,
    EPROTO: Exit.protocol,
    EPROTONOSUPPORT: Exit.protocol,
    EPROTOTYPE: Exit.protocol,
    ECOMM: Exit.osError,
    ENOMEM: Exit.osError,
    ECONNABORTED: Exit.disconnected,
    ECONNREFUSED: Exit.disconnected,
    ECONNRESET: Exit.disconnected,
    ENOTCONN: Exit.disconnected,
    EEXIST: Exit.exists,
    pcmk_rc_already: Exit.exists,
    EIO: Exit.ioError,
    pcmk_rc_dot_error: Exit.ioError,
    pcmk_rc_graph_error: Exit.ioError,
    EOPNOTSUPP: Exit.unimplemented,
    ENOTUNIQ: Exit.multiple,
    pcmk_rc_multiple: Exit.multiple,
    pcmk_rc_duplicate_id: Exit.multiple,
    ENODEV: Exit.noSuch,
    ENOENT: Exit.noSuch,
    ENXIO: Exit.noSuch,
    pcmk_rc_no_transaction: Exit.noSuch,
    pcmk_rc_unknown_format: Exit.noSuch,
    pcmk_rc_node_unknown: Exit.noHost,
    pcmk_rc_ns_resolution: Exit.noHost,
    ETIME: Exit.timeout,
    ETIMEDOUT: Exit.timeout,
    EAGAIN: Exit.unsatisfied,
    EBUSY: Exit.unsatisfied,
    pcmk_rc_op_unsatisfied: Exit.unsatisfied,
    pcmk_rc_before_range: Exit.notYet,
    pcmk_rc_after_range: Exit.expired,
    pcmk_rc_undetermined: Exit.indeterminate,
    pcmk_rc_no_input: Exit.noInput,
    pcmk_rc_bad_input: Exit.dataError,
    pcmk_rc_bad_xml_patch: Exit.dataError,
    pcmk_rc_no_dc: 114,
    pcmk_rc_digest_mismatch: Exit.digest,
  }),
);

/** The exit code for a result code. */
export function exitOfResult(code: number): ExitCode {
  return exitByName()[resultCode(code).name] ?? Exit.error;
}

function sortedCodes(codes: ReadonlyMap<number, CodeText>): readonly number[] {
  return [...codes.keys()].sort((a, b) => a - b);
}

/** The legacy numbers that crm_error lists, in order. */
export function legacyNumbers(): readonly number[] {
  return sortedCodes(legacyCodes());
}

/** The result codes that crm_error lists, in order. */
export function resultNumbers(): readonly number[] {
  return sortedCodes(results());
}

/** The exit codes that crm_error lists, in order. */
export function exitNumbers(): readonly number[] {
  return sortedCodes(exitTexts());
}
