/** Aborts with the first signal that asks this process to end; a second one ends it at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => (stop.signal.aborted ? process.exit(1) : stop.abort(name)));
  return stop.signal;
}
