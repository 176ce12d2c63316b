/** The client's end over datagrams (spec/ipc/ipc.md section 1.5). */
import { encodeSocketAddress, type SetupResponse } from "../wire/ipc/setup.ts";
import { Errno } from "./ffi/libc.ts";
import { MappedFile } from "./ffi/memory.ts";
import { datagramSocket, sendMessage } from "./ffi/socket.ts";
import { type ClientChannel, isHeldBack } from "./ipc-client-channel.ts";
import { CONTROL_FILE_BYTES, CONTROL_WORD } from "./ipc-control.ts";
import { adoptDatagram, type DatagramHandle } from "./ipc-datagram.ts";

export interface DatagramListener {
  onEvent(message: Uint8Array): void;
  /** A response is there to be taken. */
  onResponse(): void;
}

class DatagramChannel implements ClientChannel {
  readonly wakesByStream = false;
  readonly #control: MappedFile;
  readonly #maxMessageBytes: number;
  readonly #base: string;
  readonly #responses: Uint8Array[] = [];
  #requests: DatagramHandle | undefined;
  #events: DatagramHandle | undefined;

  constructor(answer: SetupResponse, listener: DatagramListener) {
    const [control, base] = answer.paths;
    const bytes = answer.maxMessageBytes;
    this.#maxMessageBytes = bytes;
    this.#base = base;
    this.#control = MappedFile.open(control, CONTROL_FILE_BYTES, 64 * 1024);
    try {
      const requests = open(base, "-response", "-request", bytes);
      this.#requests = adoptDatagram(requests, (message) => {
        this.#count(CONTROL_WORD.responseSent, -1);
        this.#responses.push(message);
        listener.onResponse();
      });
      const events = open(base, "-event", "-event-tx", bytes);
      this.#events = adoptDatagram(events, (message) => {
        this.#count(CONTROL_WORD.eventSent, -1);
        listener.onEvent(message);
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  send(message: Uint8Array): "written" | "again" | "too-large" | "broken" {
    if (message.length > this.#maxMessageBytes) return "too-large";
    const level = Atomics.load(this.#control.words(), CONTROL_WORD.requestFlow);
    if (isHeldBack(level, this.#base, message)) return "again";
    const failed = sendMessage(this.#requests!.fd, message);
    if (failed === Errno.EAGAIN) return "again";
    if (failed !== 0) return "broken";
    this.#count(CONTROL_WORD.requestSent, 1);
    return "written";
  }

  takeResponse(): Uint8Array | "empty" {
    return this.#responses.shift() ?? "empty";
  }

  takeEvent(): "empty" {
    return "empty";
  }

  close(): void {
    this.#requests?.close();
    this.#events?.close();
    this.#control.close();
  }

  #count(word: number, step: number): void {
    if (this.#control.intact()) Atomics.add(this.#control.words(), word, step);
  }
}

function open(base: string, local: string, remote: string, bytes: number): number {
  const here = encodeSocketAddress(`${base}${local}`, "abstract");
  const there = encodeSocketAddress(`${base}${remote}`, "abstract");
  if (here === undefined || there === undefined) throw new Error(`socket name too long: ${base}`);
  return datagramSocket(here, there, bytes);
}

/** Opens the control file and the sockets that the setup answer names. */
export function openClientDatagrams(
  answer: SetupResponse,
  listener: DatagramListener,
): ClientChannel {
  return new DatagramChannel(answer, listener);
}
