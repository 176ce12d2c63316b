/** Progress and notes for people, on stderr (HOUSE: consola, never for results). */
import { type ConsolaInstance, createConsola } from "consola";

/** A consola that never writes to stdout. */
export function progress(): ConsolaInstance {
  return createConsola({ stdout: process.stderr, stderr: process.stderr });
}
