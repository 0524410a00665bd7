import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type ChildOptions, clock, type Sample } from '@parley/tools/processes';
import type { Journal } from '../journal/journal.js';
import { readEntries } from '../journal/journal.js';
import type { LoadOptions } from '../load/load.js';
import type { CommonOptions } from '../services/service.js';
import type { CallerQuestions, ServerQuestions, Start } from './questions.js';

/** How long a process may take to start while brokers are away. */
const START_MS = 60_000;

/** How long it may take to end once it is told to: the time that it has to drain, and what a busy machine takes. */
const ROLLED_MS = 10_000 + 5_000;

/** How long it may take to end its load: more than it takes by itself to give up. */
const STOP_MS = 60_000;

const ASK_MS = 15_000;

/** What is the same for all places. */
export interface PlaceOptions {
  common: CommonOptions;
  /** Where journals go. */
  folder: string;
}

/** A process that came and went, or is there. */
interface Tenant<C> {
  name: string;
  journal: string;
  child: C;
  killedAt?: number;
  /** Ended in order, as it was told to. */
  rolled?: true;
}

type Server = Child<ServerQuestions>;
type Caller = Child<CallerQuestions>;

/** A place in the fleet in which one process follows another: each is killed in its turn, and replaced. */
abstract class Place<C extends Server | Caller> {
  readonly #tenants: Tenant<C>[] = [];
  readonly #unruly: string[] = [];
  #closed = false;

  constructor(
    private readonly name: string,
    protected readonly options: PlaceOptions,
  ) {}

  protected abstract boot(options: ChildOptions): C;
  protected abstract begin(child: C, name: string, start: Start): Promise<void>;

  /** Resolves once a new process is at work. Rejects once the place is closed. */
  async start(): Promise<void> {
    if (this.#closed) throw new Error(`The place of ${this.name} is closed.`);
    const name = `${this.name}.${this.#tenants.length + 1}`;
    const tenant: Tenant<C> = {
      name,
      journal: join(this.options.folder, `${name}.jsonl`),
      child: this.boot(this.#optionsOf(name)),
    };
    this.#tenants.push(tenant);
    await this.begin(tenant.child, name, { options: this.options.common, journal: tenant.journal });
  }

  async kill(): Promise<void> {
    const { tenant } = this;
    await tenant.child.kill();
    tenant.killedAt = clock();
  }

  /** Ends its process as a rolling restart does, whatever it is at. One that does not end well and in time is a crash. */
  async roll(): Promise<void> {
    const { tenant } = this;
    tenant.rolled = true;
    try {
      await tenant.child.terminate(ROLLED_MS);
    } catch (error) {
      this.#unruly.push(`${tenant.name}, rolled: ${String(error)}`);
    }
  }

  pause(): void {
    this.tenant.child.pause();
  }

  resume(): void {
    this.tenant.child.resume();
  }

  /** Ends its process in order. Rejects where that does not come to an end. */
  async terminate(): Promise<void> {
    await this.tenant.child.terminate();
  }

  /** Ends its process, however; no other follows it. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#tenants.map(({ child }) => child.close()));
  }

  /** The process that is there now, by name. */
  get current(): string {
    return this.tenant.name;
  }

  /** Processes that ended without having been told to, or not as they were, and what they last printed. */
  get crashes(): string[] {
    const crashed = this.#tenants.filter(
      ({ child, killedAt, rolled }) => child.gone && killedAt === undefined && !rolled,
    );
    return [...crashed.map(({ name, child }) => `${name}: ${child.output || 'no output'}`), ...this.#unruly];
  }

  get journals(): Journal[] {
    return this.#tenants.map(({ name, journal, killedAt }) => ({
      process: name,
      entries: readEntries(journal),
      ...(killedAt !== undefined && { killedAt }),
    }));
  }

  #optionsOf(name: string): ChildOptions {
    const log = join(this.options.folder, `${name}.log`);
    return { execArgv: ['--expose-gc'], onOutput: chunk => appendFileSync(log, chunk) };
  }

  protected get tenant(): Tenant<C> {
    const tenant = this.#tenants.at(-1);
    if (!tenant) throw new Error(`Nothing has been started in the place of ${this.name}.`);
    return tenant;
  }
}

export class ServerPlace extends Place<Server> {
  sample(): Promise<Sample> {
    return this.tenant.child.ask('sample', undefined, ASK_MS);
  }

  underWay(): Promise<string[]> {
    return this.tenant.child.ask('underWay', undefined, ASK_MS);
  }

  protected boot(options: ChildOptions): Server {
    return new Child<ServerQuestions>(new URL('./server-process.js', import.meta.url), {}, options);
  }

  protected async begin(child: Server, _name: string, start: Start): Promise<void> {
    await child.ask('start', start, START_MS);
  }
}

export class CallerPlace extends Place<Caller> {
  constructor(
    name: string,
    options: PlaceOptions,
    private readonly load: Omit<LoadOptions, 'process'>,
  ) {
    super(name, options);
  }

  sample(): Promise<Sample> {
    return this.tenant.child.ask('sample', undefined, ASK_MS);
  }

  underWay(): Promise<string[]> {
    return this.tenant.child.ask('underWay', undefined, ASK_MS);
  }

  async beginLoad(): Promise<void> {
    await this.tenant.child.ask('begin', undefined, ASK_MS);
  }

  /** Resolves once all that it asked and emitted has ended, or should have long since. */
  async endLoad(): Promise<void> {
    await this.tenant.child.ask('stop', undefined, STOP_MS);
  }

  async over(): Promise<void> {
    await this.tenant.child.ask('over', undefined, ASK_MS);
  }

  protected boot(options: ChildOptions): Caller {
    return new Child<CallerQuestions>(new URL('./caller-process.js', import.meta.url), {}, options);
  }

  protected async begin(child: Caller, name: string, start: Start): Promise<void> {
    await child.ask('start', { ...start, load: { ...this.load, process: name } }, START_MS);
  }
}
