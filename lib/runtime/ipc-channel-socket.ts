/** The server's end over datagrams: two sockets and a control file of counters (spec/ipc/ipc.md section 1.5). */
import { encodeSocketAddress } from "../wire/ipc/setup.ts";
import { Errno } from "./ffi/libc.ts";
import { MappedFile } from "./ffi/memory.ts";
import { closeFd, connectDatagram, datagramSocket, sendMessage } from "./ffi/socket.ts";
import type { ChannelRequest, ChannelResult, ServerChannel } from "./ipc-channel.ts";
import { CONTROL_FILE_BYTES, CONTROL_WORD } from "./ipc-control.ts";
import { adoptDatagram, type DatagramHandle } from "./ipc-datagram.ts";

class DatagramChannel implements ServerChannel {
  readonly paths: readonly [string, string, string];
  readonly wakesByStream = false;
  readonly #control: MappedFile;
  readonly #base: string;
  #requests: DatagramHandle | undefined;
  #eventFd = -1;
  #responseConnected = false;
  #eventConnected = false;

  constructor(request: ChannelRequest, onRequest: (message: Uint8Array) => void) {
    const controlPath = `${request.folder}/qb-control-${request.service}`;
    this.#base = `${request.folder}/qb-${request.service}`;
    this.paths = [controlPath, this.#base, ""];
    this.#control = MappedFile.create(controlPath, CONTROL_FILE_BYTES);
    try {
      this.#control.giveTo(request.access);
      const bytes = request.maxMessageBytes;
      const requestFd = datagramSocket(this.#address("-request"), undefined, bytes);
      this.#requests = adoptDatagram(requestFd, (message) => {
        this.#count(CONTROL_WORD.requestSent, -1);
        onRequest(message);
      });
      this.#eventFd = datagramSocket(this.#address("-event-tx"), undefined, bytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  take(): "empty" {
    return "empty";
  }

  /** The client binds its ends after it has read the setup answer, so ours connect with the first message. */
  respond(message: Uint8Array): ChannelResult {
    const fd = this.#requests!.fd;
    this.#responseConnected ||= connectDatagram(fd, this.#address("-response"));
    return this.#responseConnected ? this.#send(fd, message, CONTROL_WORD.responseSent) : "again";
  }

  sendEvent(message: Uint8Array): ChannelResult {
    this.#eventConnected ||= connectDatagram(this.#eventFd, this.#address("-event"));
    return this.#eventConnected
      ? this.#send(this.#eventFd, message, CONTROL_WORD.eventSent)
      : "again";
  }

  setFlow(level: 0 | 1 | 2): void {
    if (!this.#control.intact()) return;
    Atomics.store(this.#control.words(), CONTROL_WORD.requestFlow, level);
  }

  close(): void {
    this.#requests?.close();
    this.#requests = undefined;
    if (this.#eventFd >= 0) closeFd(this.#eventFd);
    this.#eventFd = -1;
    this.#control.close();
  }

  #send(fd: number, message: Uint8Array, counter: number): ChannelResult {
    const failed = sendMessage(fd, message);
    if (failed === 0) {
      this.#count(counter, 1);
      return "written";
    }
    return failed === Errno.EAGAIN ? "again" : "broken";
  }

  #count(word: number, step: number): void {
    if (this.#control.intact()) Atomics.add(this.#control.words(), word, step);
  }

  #address(suffix: string): Uint8Array {
    const address = encodeSocketAddress(`${this.#base}${suffix}`, "abstract");
    if (address === undefined) throw new Error(`socket name too long: ${this.#base}${suffix}`);
    return address;
  }
}

/** Makes sockets and control file. Throws SystemError. Requests arrive through `onRequest`. */
export function openDatagramChannel(
  request: ChannelRequest,
  onRequest: (message: Uint8Array) => void,
): ServerChannel {
  return new DatagramChannel(request, onRequest);
}
