/** An invariant that was broken. The run ends; its seed is printed. */
export class Violation extends Error {
  override readonly name = "Violation";
}
