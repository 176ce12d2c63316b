/** A ring's name on the wire: its representative and a sequence that only grows (spec/totem section 1.2). */
export interface RingId {
  readonly rep: number;
  readonly seq: number;
}
