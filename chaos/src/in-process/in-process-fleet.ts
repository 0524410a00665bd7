import { clock } from '@parley/tools/processes';
import { MemoryNotebook } from '../journal/journal.js';
import { Load, type LoadOptions } from '../load/load.js';
import { CallerApp } from '../services/caller-app.js';
import { type CommonOptions, type Services, startServices } from '../services/service.js';
import { InProcessPlace, type Running } from './in-process-place.js';

/** How much longer than it has to drain it may take to end: all share one process, and that a busy machine. */
const ROLLED_TOLERANCE_MS = 10_000;

export interface InProcessFleetOptions {
  common: CommonOptions & { drainTimeoutMs: number };
  servers: number;
  /** Clients, each with a link and a load of its own. */
  callers: number;
  /** Of each client. */
  load: Omit<LoadOptions, 'process'>;
}

/** Servers and callers that share this process, each with a link of its own. */
export class InProcessFleet {
  readonly servers: readonly InProcessPlace[];
  readonly callers: readonly InProcessPlace[];

  constructor({ common, servers, callers, load }: InProcessFleetOptions) {
    const rolledMs = common.drainTimeoutMs + ROLLED_TOLERANCE_MS;
    this.servers = numbers(servers).map(
      number => new InProcessPlace(`server-${number}`, process => runningServices(process, common), rolledMs),
    );
    this.callers = numbers(callers).map(number => {
      const begin = (process: string) => runningLoad(common, { ...load, process, seed: load.seed + number });
      return new InProcessPlace(`caller-${number}`, begin, rolledMs);
    });
  }

  async start(signal?: AbortSignal): Promise<void> {
    for (const place of [...this.servers, ...this.callers]) {
      signal?.throwIfAborted();
      await place.start();
    }
  }

  async endLoad(): Promise<void> {
    await Promise.all(this.callers.map(caller => caller.quiet()));
  }

  get crashes(): string[] {
    return [...this.servers, ...this.callers].flatMap(place => place.crashes);
  }

  get underWay(): string[] {
    return [...this.servers, ...this.callers].flatMap(place => place.underWay);
  }

  async close(): Promise<void> {
    await Promise.all(this.callers.map(caller => caller.end()));
    await Promise.all(this.servers.map(server => server.end()));
  }
}

async function runningServices(process: string, common: CommonOptions): Promise<Running> {
  const notebook = new MemoryNotebook();
  const services: Services = await startServices(common, notebook, ['fatal']);
  return {
    journal: { process, entries: notebook.entries },
    quiet: async () => {},
    underWay: () => services.underWay,
    end: () => services.close(),
  };
}

async function runningLoad(common: CommonOptions, options: LoadOptions): Promise<Running> {
  const notebook = new MemoryNotebook();
  const app = await CallerApp.start(common, ['fatal']);
  const load = new Load(app.client, notebook, options);
  load.start();
  const quiet = async (): Promise<void> => {
    await load.stop();
  };
  return {
    journal: { process: options.process, entries: notebook.entries },
    quiet,
    underWay: () => app.underWay,
    async end() {
      await load.end(() => app.close());
      notebook.write({ is: 'over', at: clock() });
    },
  };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
