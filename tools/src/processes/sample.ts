/** What a process holds at a time. */
export interface Sample {
  rssMb: number;
  /** Heap in use and memory outside of it that the heap holds on to; after a collection where gc is exposed. */
  heapMb: number;
  /** TCP sockets. */
  sockets: number;
  /** Everything that keeps an event loop running: sockets, timers, requests under way. */
  handles: number;
}

export const FIGURES = ['rssMb', 'heapMb', 'sockets', 'handles'] as const satisfies readonly (keyof Sample)[];

const MB = 2 ** 20;

/** What this process holds now. */
export function ownSample(): Sample {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    rssMb: rss / MB,
    heapMb: (heapUsed + external) / MB,
    sockets: resources.filter(resource => resource === 'TCPSocketWrap').length,
    handles: resources.length,
  };
}
