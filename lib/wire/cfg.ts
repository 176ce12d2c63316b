/** cfg's messages on the ring (spec/totem section 6, end): orders to one node or to all. */
import { FieldReader } from "./fields.ts";
import { readServiceHeader, ServiceId, serviceMessage } from "./service.ts";

export type CfgMessage =
  | { readonly kind: "ring-reenable" }
  | { readonly kind: "kill-node"; readonly nodeId: number; readonly reason: string }
  | { readonly kind: "shutdown" }
  | { readonly kind: "reload"; readonly nodeId: number }
  | { readonly kind: "crypto-phase"; readonly phase: number };

const REASON_MAX = 256;

/** The whole service message. */
export function encodeCfg(message: CfgMessage): Uint8Array {
  switch (message.kind) {
    case "ring-reenable":
      return serviceMessage(ServiceId.cfg, 0, 32).bytes;
    case "kill-node":
      return (
        serviceMessage(ServiceId.cfg, 1, 288)
          .u32(16, message.nodeId)
          // The length counts the NUL.
          .u16(24, Math.min(message.reason.length + 1, REASON_MAX))
          .text(32, message.reason, REASON_MAX - 1).bytes
      );
    case "shutdown":
      return serviceMessage(ServiceId.cfg, 2, 16).bytes;
    case "reload":
      return serviceMessage(ServiceId.cfg, 3, 32).u32(16, message.nodeId).bytes;
    case "crypto-phase":
      return serviceMessage(ServiceId.cfg, 4, 24).u32(16, message.phase).bytes;
  }
}

/** undefined for other services, unknown functions and messages that are too short. */
export function decodeCfg(message: Uint8Array): CfgMessage | undefined {
  const header = readServiceHeader(message);
  if (header === undefined || header.service !== ServiceId.cfg) return undefined;
  const r = new FieldReader(message);
  switch (header.fn) {
    case 0:
      return { kind: "ring-reenable" };
    case 1:
      if (header.size < 288) return undefined;
      return {
        kind: "kill-node",
        nodeId: r.u32(16),
        reason: r.cstring(32, Math.min(r.u16(24), REASON_MAX)),
      };
    case 2:
      return { kind: "shutdown" };
    case 3:
      return header.size < 20 ? undefined : { kind: "reload", nodeId: r.u32(16) };
    case 4:
      return header.size < 20 ? undefined : { kind: "crypto-phase", phase: r.u32(16) };
    default:
      return undefined;
  }
}
