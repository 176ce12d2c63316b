/** Checks of our own code. They stay on in production: a wrong manager must stop rather than decide. */

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws when `condition` is false. For programmer errors only; wrong input is a value, never an assert. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never, where: string): never {
  throw new AssertionError(`${where}: unexpected ${JSON.stringify(value)}`);
}
