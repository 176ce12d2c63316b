/** This machine's network interfaces, as the ring's bindnetaddr and knet's addresses need them. */
import { networkInterfaces } from "node:os";

export interface InterfaceAddress {
  readonly name: string;
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly netmask: string;
  /** Length of the netmask in bits. */
  readonly prefix: number;
  readonly loopback: boolean;
}

/** Every address of every interface that is up, in the system's order. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const address of addresses ?? []) {
      const slash = address.cidr?.lastIndexOf("/") ?? -1;
      found.push({
        name,
        family: address.family === "IPv6" ? "ipv6" : "ipv4",
        address: address.address,
        netmask: address.netmask,
        prefix: slash < 0 ? 0 : Number(address.cidr!.slice(slash + 1)),
        loopback: address.internal,
      });
    }
  }
  return found;
}
