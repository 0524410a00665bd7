import { randomBytes } from 'node:crypto';
import { Child, type ChildOptions, type Sample } from '@parley/tools/processes';
import type {
  CallerEvidence,
  FleetCallerQuestions,
  FleetServerQuestions,
  LeavingQuestions,
  ServerEvidence,
} from '../processes/fleet-questions.js';
import type { Settings } from '../system.js';
import type { CallRecords } from './call-log.js';
import type { HandledCounts } from './handlings.js';

/** Processes of a kind at a time, at most. */
const REPLICAS = 4;

/** How long a process may take to do what it is told, besides the deadline of its calls. */
const ASK_MS = 60_000;

/** How long a call may take, unless a scenario sets it otherwise. */
const DEADLINE_MS = 10_000;

export type Server = Child<FleetServerQuestions, LeavingQuestions<ServerEvidence>>;
export type Caller = Child<FleetCallerQuestions, LeavingQuestions<CallerEvidence>>;

/** What all processes of a fleet saw, those that ended in order included. */
export interface Evidence {
  /** By the number of the process that made the calls. */
  records: Map<number, CallRecords>;
  handled: HandledCounts[];
  errors: Map<string, number>;
}

export interface FleetOptions {
  system: string;
  scenario: string;
  brokers: string[];
  /** How long a call may take. Default 10,000. */
  deadlineMs?: number;
  /** Node's own options for every process. */
  execArgv?: readonly string[];
}

/** The servers and callers of one system, each a process of its own. */
export class Fleet {
  readonly settings: Settings;
  readonly #servers = new Set<Server>();
  readonly #callers = new Map<Caller, number>();
  #evidence: Evidence = { records: new Map(), handled: [], errors: new Map() };
  #numbers = 0;

  constructor(private readonly options: FleetOptions) {
    const { system, scenario, brokers } = options;
    const run = `bench-${system}-${scenario}-${randomBytes(4).toString('hex')}`;
    this.settings = { brokers, port: 0, run, replicas: REPLICAS };
  }

  /** A server's process that has loaded everything and waits to be started. */
  async bootServer(): Promise<Server> {
    const server: Server = new Child(
      new URL('../processes/fleet-server-process.js', import.meta.url),
      {
        leaving: ({ handled }) => {
          this.#evidence.handled.push(handled);
          this.#servers.delete(server);
        },
      },
      this.#childOptions,
    );
    this.#servers.add(server);
    await server.ask('load', this.options.system, ASK_MS);
    return server;
  }

  /** Resolves once it takes calls. */
  async start(server: Server): Promise<void> {
    await server.ask('start', this.settings, ASK_MS);
  }

  /** A caller process that has loaded everything and waits to be connected. */
  async bootCaller(): Promise<Caller> {
    const number = ++this.#numbers;
    const caller: Caller = new Child(
      new URL('../processes/fleet-caller-process.js', import.meta.url),
      {
        leaving: evidence => {
          this.#add(number, evidence);
          this.#callers.delete(caller);
        },
      },
      this.#childOptions,
    );
    this.#callers.set(caller, number);
    await caller.ask('load', this.options.system, ASK_MS);
    return caller;
  }

  /** Resolves once it is ready to take callers: it has had an answer. */
  async connect(caller: Caller): Promise<void> {
    const process = this.#callers.get(caller) ?? 0;
    const { settings, deadlineMs } = this;
    await caller.ask('connect', { settings, process, deadlineMs }, ASK_MS);
  }

  /** Shares so many callers out among these processes; resolves once none has more than its share. */
  async share(callers: number, among: readonly Caller[]): Promise<void> {
    const shares = among.map((_, index) => Math.floor((callers + index) / among.length));
    await Promise.all(
      among.map((caller, index) => caller.ask('resize', shares[index] ?? 0, this.deadlineMs + ASK_MS)),
    );
  }

  /** What was seen since it was last asked. Only while nothing calls. */
  async take(): Promise<Evidence> {
    for (const server of this.#servers)
      this.#evidence.handled.push((await server.ask('take', undefined, ASK_MS)).handled);
    for (const [caller, number] of this.#callers)
      this.#add(number, await caller.ask('take', undefined, ASK_MS));
    const evidence = this.#evidence;
    this.#evidence = { records: new Map(), handled: [], errors: new Map() };
    return evidence;
  }

  /** What a server and a caller process hold now. */
  async sample(server: Server, caller: Caller): Promise<{ server: Sample; caller: Sample }> {
    return {
      server: await server.ask('sample', undefined, ASK_MS),
      caller: await caller.ask('sample', undefined, ASK_MS),
    };
  }

  /** What its processes last printed. */
  get output(): string {
    return [...this.#servers, ...this.#callers.keys()]
      .map(child => child.output)
      .filter(Boolean)
      .join(' | ');
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers, ...this.#callers.keys()].map(child => child.close()));
  }

  /** Forgets a process that was killed. */
  async kill(server: Server): Promise<void> {
    this.#servers.delete(server);
    await server.kill();
  }

  get #childOptions(): ChildOptions {
    const { execArgv } = this.options;
    return execArgv ? { execArgv } : {};
  }

  private get deadlineMs(): number {
    return this.options.deadlineMs ?? DEADLINE_MS;
  }

  #add(process: number, { records, errors }: CallerEvidence): void {
    this.#evidence.records.set(process, records);
    for (const [error, count] of errors)
      this.#evidence.errors.set(error, (this.#evidence.errors.get(error) ?? 0) + count);
  }
}
