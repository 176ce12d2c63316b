/** Signals as calls. */

export type SignalName = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGUSR1" | "SIGUSR2" | "SIGQUIT";

/** Calls the handlers until the returned function is called. */
export function onSignals(handlers: Readonly<Partial<Record<SignalName, () => void>>>): () => void {
  const entries = Object.entries(handlers) as [SignalName, () => void][];
  for (const [name, handler] of entries) process.on(name, handler);
  return () => {
    for (const [name, handler] of entries) process.off(name, handler);
  };
}

/** Errors that nobody caught, of either kind. The daemon logs and ends; going on would be a guess. */
export function onUncaught(handler: (error: unknown) => void): void {
  process.on("uncaughtException", handler);
  process.on("unhandledRejection", handler);
}
