/** Who may connect: root, and whom the configuration map names (spec/ipc section 1.7). */
import type { ConfigurationMap } from "../cmap/map.ts";

/** May a process of this user and group be a client? */
export function mayConnect(map: ConfigurationMap, uid: number, gid: number): boolean {
  if (uid === 0 || gid === 0) return true;
  const keys = [
    `uidgid.uid.${uid}`,
    `uidgid.gid.${gid}`,
    `uidgid.config.uid.${uid}`,
    `uidgid.config.gid.${gid}`,
  ];
  return keys.some((key) => {
    const item = map.get(key);
    return item !== undefined && Number(item.value) === 1;
  });
}
