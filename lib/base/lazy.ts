/** Values made when they are first asked for: a tool that runs for 50 ms pays only for the tables that it reads. */

/** A function that calls `make` once, at its first call, and always returns that value. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
