/** corosync.conf as keys of the configuration map: totem.token, nodelist.node.0.ring0_addr, … (spec/ipc section 2.6). */
import type { CorosyncConfig } from "./config.ts";
import type { ConfNode } from "./tree.ts";

/** A key with its value; `type` is the map's type of it. */
export interface ConfKey {
  readonly key: string;
  readonly type: "u8" | "u16" | "u32" | "u64" | "string";
  readonly value: string;
}

/** Keys that tools expect as numbers; everything else is text. */
const TYPES: readonly (readonly [RegExp, ConfKey["type"]])[] = [
  [/^totem\.config_version$/, "u64"],
  [/^totem\.interface\.\d+\.mcastport$/, "u16"],
  [/^totem\.interface\.\d+\.ttl$/, "u8"],
  [/^totem\.interface\.\d+\.(ringnumber|linknumber)$/, "u8"],
  [
    /^totem\.(version|nodeid|token|token_coefficient|token_warning|token_retransmit|token_retransmits_before_loss_const|hold|join|send_join|consensus|merge|downcheck|fail_recv_const|seqno_unchanged_const|miss_count_const|window_size|max_messages|netmtu)$/,
    "u32",
  ],
  [/^nodelist\.node\.\d+\.(nodeid|quorum_votes)$/, "u32"],
  [/^quorum\.(expected_votes|votes|last_man_standing_window)$/, "u32"],
  [
    /^quorum\.(two_node|wait_for_all|last_man_standing|auto_tie_breaker|allow_downscale|expected_votes_tracking)$/,
    "u8",
  ],
];

function typeOf(key: string): ConfKey["type"] {
  return TYPES.find(([pattern]) => pattern.test(key))?.[1] ?? "string";
}

/** Path of a section: repeated ones carry their number or name. */
function sectionPath(path: string, name: string, index: number, children: readonly ConfNode[]) {
  const full = path === "" ? name : `${path}.${name}`;
  if (full === "totem.interface" || full === "nodelist.node") return `${full}.${index}`;
  if (full === "logging.logger_subsys") {
    const subsystem = children.find((c) => c.kind === "entry" && c.key === "subsys");
    return `${full}.${subsystem?.kind === "entry" ? subsystem.value : index}`;
  }
  return full;
}

function collect(children: readonly ConfNode[], path: string, found: Map<string, ConfKey>): void {
  const counts = new Map<string, number>();
  for (const child of children) {
    if (child.kind === "entry") {
      const key = path === "" ? child.key : `${path}.${child.key}`;
      found.set(key, { key, type: typeOf(key), value: child.value });
    } else if (child.kind === "section") {
      const index = counts.get(child.name) ?? 0;
      counts.set(child.name, index + 1);
      collect(child.children, sectionPath(path, child.name, index, child.children), found);
    }
  }
}

/** Every entry of the file as a key; `uidgid` becomes permissions instead, so it is left out. */
export function configKeys(config: CorosyncConfig): readonly ConfKey[] {
  const found = new Map<string, ConfKey>();
  const shown = config.children.filter((c) => c.kind !== "section" || c.name !== "uidgid");
  collect(shown, "", found);
  return [...found.values()];
}
