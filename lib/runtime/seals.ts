/**
 * The seals of a ring whose encryption may change while it runs (spec/totem section 9): one that datagrams are sealed with,
 * and for the time of a change a second one that opens those of nodes which are a step behind or ahead.
 */
import { type Cipher, type Hash, makeSeal, type Seal } from "./seal.ts";

/** What a ring is encrypted with. */
export interface Secret {
  readonly cipher: Cipher;
  readonly hash: Hash;
  /** Empty where there is no hash. */
  readonly key: Uint8Array;
}

function isSame(one: Secret, other: Secret): boolean {
  if (one.cipher !== other.cipher || one.hash !== other.hash) return false;
  return one.hash === "none" || Buffer.compare(one.key, other.key) === 0;
}

export class Seals implements Seal {
  private secret: Secret;
  private current: Seal;
  private prepared: { readonly secret: Secret; readonly seal: Seal } | undefined;
  private previous: Seal | undefined;

  /** Throws as makeSeal does. */
  constructor(secret: Secret) {
    this.secret = secret;
    this.current = makeSeal(secret.cipher, secret.hash, secret.key);
  }

  /** Datagrams are sealed with a secret key. */
  get isEncrypted(): boolean {
    return this.secret.hash !== "none";
  }

  /** Makes ready to open what is sealed with this; false when it is in use already. Throws as makeSeal does. */
  prepare(secret: Secret): boolean {
    this.prepared = undefined;
    if (isSame(secret, this.secret)) return false;
    this.prepared = { secret, seal: makeSeal(secret.cipher, secret.hash, secret.key) };
    return true;
  }

  /** Seals with what was prepared; opens with it and with what was used before. */
  usePrepared(): void {
    if (this.prepared === undefined) return;
    this.previous = this.current;
    this.secret = this.prepared.secret;
    this.current = this.prepared.seal;
    this.prepared = undefined;
  }

  forgetPrevious(): void {
    this.previous = undefined;
  }

  room(datagramBytes: number): number {
    return this.current.room(datagramBytes);
  }

  seal(packet: Uint8Array): Uint8Array {
    return this.current.seal(packet);
  }

  open(datagram: Uint8Array): Uint8Array | undefined {
    const { current, prepared, previous } = this;
    const other = prepared?.seal ?? previous;
    if (other === undefined) return current.open(datagram);
    // What is not sealed at all opens anything, so it comes last.
    const [first, second] = this.isEncrypted ? [current, other] : [other, current];
    return first.open(datagram) ?? second.open(datagram);
  }
}
