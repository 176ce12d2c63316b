/**
 * UDP sockets for the ring (spec/totem/totem-wire.md, transports). Bun.udpSocket was measured at 29.5 µs for a round trip
 * of 1400 bytes on loopback, node:dgram at 31; both offer multicast, only the former shows its descriptor.
 */
import { takeDatagram } from "./ffi/datagram.ts";
import { addDatagram, flushDatagrams } from "./ffi/datagram-batch.ts";
import { ignoreUnreachable, raiseBuffers } from "./ffi/socket.ts";

export interface UdpOptions {
  /** Address to bind: an interface's, a multicast group's, or "0.0.0.0" / "::". */
  readonly address: string;
  readonly port: number;
  /** Groups to join, each on the interface that has this address. */
  readonly join?: readonly { readonly group: string; readonly interfaceAddress: string }[];
  /** Interface that multicasts leave from, by its address. */
  readonly multicastFrom?: string;
  /** Do our own multicasts come back to this host? Default false. */
  readonly loop?: boolean;
  readonly ttl?: number;
  readonly broadcast?: boolean;
  /** Wish for both socket buffers, past the system's limit when privileged. */
  readonly bufferBytes?: number;
  readonly onMessage: (data: Uint8Array, address: string, port: number) => void;
  /** A send or receive failed; sockets go on. */
  readonly onError?: (error: Error) => void;
}

export interface UdpSocket {
  readonly port: number;
  /** Sends one datagram. False when the kernel's queue is full or the network is away: UDP may lose, the ring resends. */
  send(data: Uint8Array, address: string, port: number): boolean;
  /**
   * Sends it with others, at the latest when this turn of the event loop ends: before the next `send` of any socket, so
   * that all datagrams of the process leave in order. The array must not change until then.
   */
  sendSoon(data: Uint8Array, address: string, port: number): void;
  /**
   * Hands over what waits in the kernel now, before the event loop would: the ring reads the multicasts that were sent before
   * a token first. Bounded.
   */
  drain(): void;
  close(): void;
}

/** Datagrams one `drain` takes at most: more than a token lets a ring of the largest size send. */
const DRAIN_DATAGRAMS = 1024;

/** Bun 1.4 has `fd` on its UDP sockets, its type package not yet. */
function descriptorOf(socket: object): number {
  return (socket as { readonly fd: number }).fd;
}

/** Bun 1.4 passes the error alone where its types name the socket first. */
function errorAmong(passed: readonly unknown[]): Error {
  return passed.find((value) => value instanceof Error) ?? new Error("the socket failed");
}

let flushScheduled = false;

function flushAtTurnsEnd(): void {
  if (flushScheduled) return;
  flushScheduled = true;
  queueMicrotask(() => {
    flushScheduled = false;
    flushDatagrams();
  });
}

/** Opens a socket. Rejects with the system's error when the address cannot be bound. */
export async function openUdp(options: UdpOptions): Promise<UdpSocket> {
  const onError = options.onError ?? (() => {});
  const socket = await Bun.udpSocket({
    hostname: options.address,
    port: options.port,
    binaryType: "uint8array",
    socket: {
      data: (_socket, data, port, address) => options.onMessage(data, address, port),
      error: (...passed) => onError(errorAmong(passed)),
    },
  });
  try {
    ignoreUnreachable(descriptorOf(socket));
    if (options.bufferBytes !== undefined) raiseBuffers(descriptorOf(socket), options.bufferBytes);
    if (options.broadcast === true) socket.setBroadcast(true);
    if (options.ttl !== undefined) socket.setMulticastTTL(options.ttl);
    if (options.multicastFrom !== undefined) socket.setMulticastInterface(options.multicastFrom);
    socket.setMulticastLoopback(options.loop ?? false);
    for (const { group, interfaceAddress } of options.join ?? []) {
      socket.addMembership(group, interfaceAddress);
    }
  } catch (error) {
    socket.close();
    throw error;
  }
  const batched = { fd: descriptorOf(socket), onError };
  const isIpv4 = !options.address.includes(":");
  const sendAlone = (data: Uint8Array, address: string, port: number): boolean => {
    try {
      return socket.send(data, port, address);
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  };
  return {
    port: socket.port,
    send: (data, address, port) => {
      if (isIpv4) addDatagram(batched, data, address, port);
      const fine = flushDatagrams();
      return isIpv4 ? fine : sendAlone(data, address, port);
    },
    sendSoon: (data, address, port) => {
      if (!isIpv4) {
        flushDatagrams();
        sendAlone(data, address, port);
        return;
      }
      addDatagram(batched, data, address, port);
      flushAtTurnsEnd();
    },
    drain: () => {
      for (let left = DRAIN_DATAGRAMS; left > 0; left--) {
        const next = takeDatagram(descriptorOf(socket));
        if (next === undefined) return;
        options.onMessage(next.data, next.address, next.port);
      }
    },
    close: () => {
      flushDatagrams();
      socket.close();
    },
  };
}
