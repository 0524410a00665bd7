import { clock } from '@parley/tools/processes';
import { type Journal, MemoryNotebook } from '../journal/journal.js';
import { Load, type LoadOptions } from '../load/load.js';
import { CallerApp } from '../services/caller-app.js';
import { type CommonOptions, type Services, startServices } from '../services/service.js';

/** What has a beginning and an end in this process, and what it saw. */
interface Running {
  journal: Journal;
  /** Ends what it asks; does nothing where it only answers. */
  quiet(): Promise<void>;
  underWay(): string[];
  /** Closes its applications, whatever they are at. */
  end(): Promise<void>;
}

/** A place in which one follows another: each ends in order, since what runs in this process cannot be killed. */
class Place {
  readonly journals: Journal[] = [];
  readonly crashes: string[] = [];
  #running: Running | undefined;

  constructor(
    private readonly name: string,
    private readonly begin: (name: string) => Promise<Running>,
    /** How long it may take to end. */
    private readonly rolledMs: number,
  ) {}

  async start(): Promise<void> {
    this.#running = await this.begin(`${this.name}.${this.journals.length + 1}`);
    this.journals.push(this.#running.journal);
  }

  async quiet(): Promise<void> {
    await this.#running?.quiet();
  }

  /** What it has not done with. */
  get underWay(): string[] {
    return (this.#running?.underWay() ?? []).map(what => `${this.name}: ${what}`);
  }

  /** Ends it as a rolling restart does, whatever it is at. One that does not end well and in time is a crash. */
  async roll(): Promise<void> {
    const from = clock();
    try {
      await this.end();
      const tookMs = clock() - from;
      if (tookMs > this.rolledMs) throw new Error(`it took ${tookMs.toFixed()} ms to end`);
    } catch (error) {
      this.crashes.push(`${this.name}, rolled: ${String(error)}`);
    }
  }

  async end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.end();
  }
}

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
  readonly servers: readonly Place[];
  readonly callers: readonly Place[];

  constructor({ common, servers, callers, load }: InProcessFleetOptions) {
    const rolledMs = common.drainTimeoutMs + ROLLED_TOLERANCE_MS;
    this.servers = numbers(servers).map(
      number => new Place(`server-${number}`, process => runningServices(process, common), rolledMs),
    );
    this.callers = numbers(callers).map(number => {
      const begin = (process: string) => runningLoad(common, { ...load, process, seed: load.seed + number });
      return new Place(`caller-${number}`, begin, rolledMs);
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
