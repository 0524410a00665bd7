import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import type { Infra } from '../infra/index.js';
import { ServiceProcess } from './service-process.js';

const NAMES = ['auth', 'user', 'notification', 'gateway'] as const;
export type ServiceName = (typeof NAMES)[number];

/** So that a service that cannot start does not keep the machine busy trying. */
const RESTART_DELAY_MS = 1_000;

export interface FleetOptions {
  infra: Pick<Infra, 'kafkaBrokers' | 'databaseUrl'>;
  /** The gateway's port; the other services take free ones. */
  gatewayPort: number;
  onLine?: (name: ServiceName, line: string) => void;
}

/** The sample's services, each a process. They know the broker and the database, and nothing of each other. */
export class Fleet {
  private stopping = false;

  private constructor(private readonly services: ReadonlyMap<ServiceName, ServiceProcess>) {}

  /** Starts the processes; `ready` tells when they answer. */
  static async start({ infra, gatewayPort, onLine }: FleetOptions): Promise<Fleet> {
    const env = { KAFKA_BROKERS: infra.kafkaBrokers, DATABASE_URL: infra.databaseUrl };
    const services = new Map<ServiceName, ServiceProcess>();
    for (const name of NAMES) {
      const port = name === 'gateway' ? gatewayPort : await getPort({ exclude: [gatewayPort] });
      services.set(name, new ServiceProcess({ name, port, env, onLine: line => onLine?.(name, line) }));
    }
    for (const service of services.values()) service.start();
    return new Fleet(services);
  }

  get(name: ServiceName): ServiceProcess {
    const service = this.services.get(name);
    if (service === undefined) throw new Error(`There is no service ${name}`);
    return service;
  }

  /** Which process is which. */
  describe(): string {
    return [...this.services.values()].map(({ name, pid }) => `${name} is process ${pid}`).join(', ');
  }

  async ready(): Promise<void> {
    await Promise.all([...this.services.values()].map(service => service.ready()));
  }

  /** Starts again whatever ends, until the fleet stops: kill a service, and watch it come back. */
  supervise(onRestart: (service: ServiceProcess) => void): void {
    for (const service of this.services.values()) void this.keepUp(service, onRestart);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.services.values()].map(service => service.stop()));
  }

  private async keepUp(service: ServiceProcess, onRestart: (service: ServiceProcess) => void): Promise<void> {
    for (;;) {
      await service.ended();
      await sleep(RESTART_DELAY_MS, undefined, { ref: false });
      if (this.stopping) return;
      service.start();
      onRestart(service);
    }
  }
}
