/**
 * The manager's writes. After one that failed nothing is written until the core has heard of it (lib/pacemakerd/api.ts,
 * persist-failed), so that no file gets ahead of one that had to be there before.
 */
import type { Core, PersistEffect } from "../../lib/base/core.ts";
import type { PacemakerdEffect, PacemakerdEvent } from "../../lib/pacemakerd/api.ts";
import { type DurableOptions, writeDurably } from "../../lib/runtime/disk.ts";

export class ManagerDisk {
  private readonly owner: DurableOptions;
  private readonly post: (event: PacemakerdEvent) => void;
  /** Failures that are posted and not stepped. */
  private unheard = 0;

  /** @param owner of the files, where the machine has such accounts. */
  constructor(owner: DurableOptions, post: (event: PacemakerdEvent) => void) {
    this.owner = owner;
    this.post = post;
  }

  /** The core, watched for what it has heard. */
  watch(core: Core<PacemakerdEvent, PacemakerdEffect>): Core<PacemakerdEvent, PacemakerdEffect> {
    return {
      step: (now, event) => {
        if (event.kind === "persist-failed") this.unheard--;
        return core.step(now, event);
      },
    };
  }

  persist({ path, data, mode }: PersistEffect): void {
    const reason = this.unheard > 0 ? "ECANCELED" : this.write(path, data, mode);
    if (reason === undefined) return;
    this.unheard++;
    this.post({ kind: "persist-failed", path, reason });
  }

  private write(
    path: string,
    data: Uint8Array | undefined,
    mode: number | undefined,
  ): string | undefined {
    const options = mode === undefined ? this.owner : { ...this.owner, mode };
    return writeDurably(path, data, options)?.code;
  }
}
