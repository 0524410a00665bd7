import type { ChaosCluster } from '../cluster/chaos-cluster.js';
import { type Fault, harmsBroker, placeAt } from '../schedule/fault.js';
import type { Arena } from '../schedule/storm.js';
import type { Fleet } from './fleet.js';
import type { CallerPlace } from './place.js';

/** How long replicas may take to catch up before the next broker is harmed. */
const IN_SYNC_MS = 60_000;

/** Lets faults happen to real processes and real brokers. */
export class RealArena implements Arena {
  constructor(
    private readonly fleet: Fleet,
    private readonly cluster: ChaosCluster,
    /** What the names of the run's topics begin with. */
    private readonly prefix: string,
  ) {}

  async begin(fault: Fault): Promise<() => Promise<void> | void> {
    const { cluster } = this;
    const { kind, target, byMs = 0 } = fault;
    if (harmsBroker(fault)) await cluster.leaders.inSync(IN_SYNC_MS);
    switch (kind) {
      case 'kill server': {
        const server = placeAt(this.fleet.servers, target);
        await server.kill();
        return () => server.start();
      }
      case 'roll server': {
        const server = placeAt(this.fleet.servers, target);
        await server.roll();
        return () => server.start();
      }
      case 'pause server': {
        const server = placeAt(this.fleet.servers, target);
        server.pause();
        return () => server.resume();
      }
      case 'kill caller': {
        const caller = placeAt(this.fleet.callers, target);
        await caller.kill();
        return () => this.#newCaller(caller);
      }
      case 'roll caller': {
        const caller = placeAt(this.fleet.callers, target);
        await caller.roll();
        return () => this.#newCaller(caller);
      }
      case 'kill broker':
        await cluster.kill(target);
        return () => cluster.restart(target);
      case 'silence broker':
        cluster.proxyOf(target).setWeather({ kind: 'silent' });
        break;
      case 'refuse broker':
        cluster.proxyOf(target).setWeather({ kind: 'refusing' });
        break;
      case 'fill broker':
        cluster.proxyOf(target).setWeather({ kind: 'full' });
        break;
      case 'slow broker':
        cluster.proxyOf(target).setWeather({ kind: 'slow', byMs });
        break;
      case 'cut broker':
        cluster.proxyOf(target).cut();
        return () => {};
      case 'move leaders':
        await cluster.leaders.turn(this.prefix, target);
        return () => {};
    }
    return () => cluster.proxyOf(target).setWeather({ kind: 'clear' });
  }

  async #newCaller(place: CallerPlace): Promise<void> {
    await place.start();
    await place.beginLoad();
  }
}
