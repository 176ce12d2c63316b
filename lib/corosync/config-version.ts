/**
 * totem.config_version: nodes with different versions of the configuration must not run together. At its first sync with
 * others a node whose version is not the highest ends itself (spec/totem section 6, cmap).
 */
import { decodeCmapSync, encodeCmapSync } from "../wire/cmap.ts";

export class ConfigVersionCheck {
  private readonly version: bigint | undefined;
  private readonly nodeId: number;
  private received: { readonly from: number; readonly version: bigint }[] = [];
  private first = true;

  constructor(nodeId: number, version: bigint | undefined) {
    this.nodeId = nodeId;
    this.version = version;
  }

  begin(): void {
    this.received = [];
  }

  message(): Uint8Array {
    return encodeCmapSync({ reason: 0, configVersion: this.version });
  }

  deliver(from: number, body: Uint8Array): void {
    const message = decodeCmapSync(body);
    if (message?.configVersion === undefined || from === this.nodeId) return;
    this.received.push({ from, version: message.configVersion });
  }

  /** At the end of the round: why this node must end, or undefined. */
  verdict(members: readonly number[]): string | undefined {
    if (!this.first || members.length < 2) return undefined;
    this.first = false;
    const own = this.version ?? 0n;
    if (own === 0n) return undefined;
    let highest = 0n;
    for (const { version } of this.received) if (version > highest) highest = version;
    if (highest === 0n || highest === own) return undefined;
    return `Received config version (${highest}) is different than my config version (${own})! Exiting`;
  }
}
