import type { Sample } from '@parley/tools/processes';
import type { Journal } from '../journal/journal.js';
import type { CommonOptions } from '../services/service.js';
import { CallerPlace, type PlaceOptions, ServerPlace } from './place.js';

export interface FleetOptions {
  common: CommonOptions;
  folder: string;
  seed: number;
  servers: number;
  /** Caller processes, among which the callers and keys are shared out. */
  callerProcesses: number;
  callers: number;
  keys: number;
}

/** The servers and the callers of a run, each a process of its own. */
export class Fleet {
  readonly servers: readonly ServerPlace[];
  readonly callers: readonly CallerPlace[];

  constructor({ common, folder, seed, servers, callerProcesses, callers, keys }: FleetOptions) {
    const options: PlaceOptions = { common, folder };
    const share = (all: number, index: number) => Math.floor((all + index) / callerProcesses);
    this.servers = places(servers).map(index => new ServerPlace(`server-${index + 1}`, options));
    this.callers = places(callerProcesses).map(
      index =>
        new CallerPlace(`caller-${index + 1}`, options, {
          seed: seed + index,
          callers: share(callers, index),
          keys: share(keys, index),
        }),
    );
  }

  /** Resolves once all are there; nobody calls yet. */
  async start(): Promise<void> {
    await Promise.all(this.servers.map(server => server.start()));
    await Promise.all(this.callers.map(caller => caller.start()));
  }

  async beginLoad(): Promise<void> {
    await Promise.all(this.callers.map(caller => caller.beginLoad()));
  }

  async endLoad(): Promise<void> {
    await Promise.all(this.callers.map(caller => caller.endLoad()));
  }

  /** What each process holds now, by its name. */
  async samples(): Promise<Map<string, Sample>> {
    const samples = new Map<string, Sample>();
    for (const place of [...this.servers, ...this.callers]) samples.set(place.current, await place.sample());
    return samples;
  }

  /** What the processes have not done with; nothing, where all are at rest and well. */
  async underWay(): Promise<string[]> {
    const left = [...this.servers, ...this.callers].map(async place =>
      (await place.underWay()).map(what => `${place.current}: ${what}`),
    );
    return (await Promise.all(left)).flat();
  }

  get journals(): { servers: Journal[]; callers: Journal[] } {
    return {
      servers: this.servers.flatMap(place => place.journals),
      callers: this.callers.flatMap(place => place.journals),
    };
  }

  get crashes(): string[] {
    return [...this.servers, ...this.callers].flatMap(place => place.crashes);
  }

  /** Ends all processes in order; returns which of them did not do so well, and why. */
  async terminate(): Promise<string[]> {
    const places = [...this.callers, ...this.servers];
    const ends = await Promise.allSettled(places.map(place => place.terminate()));
    return ends.flatMap((end, index) =>
      end.status === 'rejected' ? [`${places[index]?.current}: ${String(end.reason)}`] : [],
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.servers, ...this.callers].map(place => place.close()));
  }
}

function places(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
