import getPort from 'get-port';
import { startKafka } from '@parley/tools/kafka';
import { BrokerProxy } from './broker-proxy.js';
import { Leaders } from './leaders.js';

export const BROKERS = [1, 2, 3] as const;
export type BrokerId = (typeof BROKERS)[number];

/**
 * Three real brokers, each behind a proxy. Clients know them by the proxies' addresses only; the brokers among
 * themselves, and those who watch them, use listeners of their own.
 */
export class ChaosCluster {
  private constructor(
    private readonly proxies: ReadonlyMap<number, BrokerProxy>,
    private readonly kafka: Awaited<ReturnType<typeof startKafka>>,
    /** Asked and told without a proxy in between. */
    readonly leaders: Leaders,
  ) {}

  static async start(log: (line: string) => void, signal?: AbortSignal): Promise<ChaosCluster> {
    const ports = new Map<number, number>();
    const proxies = new Map<number, BrokerProxy>();
    for (const id of BROKERS) {
      ports.set(id, await getPort());
      proxies.set(id, await BrokerProxy.listen(() => ports.get(id) ?? 0));
    }
    try {
      const kafka = await startKafka({
        brokers: 3,
        log,
        ...(signal && { signal }),
        properties: ({ id, port, controllerPort }) => ({
          listeners: [
            `PLAINTEXT://127.0.0.1:${port}`,
            `CLIENTS://127.0.0.1:${ports.get(id)}`,
            `CONTROLLER://127.0.0.1:${controllerPort}`,
          ].join(','),
          'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CLIENTS://127.0.0.1:${proxies.get(id)?.port}`,
          'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT',
          'inter.broker.listener.name': 'PLAINTEXT',
          // Found out soon that a broker is dead, and soon led again by whom the replicas name first.
          'broker.session.timeout.ms': 2_000,
          'broker.heartbeat.interval.ms': 400,
          'leader.imbalance.check.interval.seconds': 1,
          'leader.imbalance.per.broker.percentage': 0,
        }),
      });
      return new ChaosCluster(proxies, kafka, new Leaders(kafka.bootstrap.split(',')));
    } catch (error) {
      await Promise.all([...proxies.values()].map(proxy => proxy.close()));
      throw error;
    }
  }

  /** For clients: the proxies. */
  get bootstrap(): string {
    return [...this.proxies.values()].map(proxy => `127.0.0.1:${proxy.port}`).join(',');
  }

  /** For those who watch: the brokers themselves. */
  get direct(): string[] {
    return this.kafka.bootstrap.split(',');
  }

  proxyOf(broker: number): BrokerProxy {
    const proxy = this.proxies.get(broker);
    if (!proxy) throw new RangeError(`There is no broker ${broker}; there are ${BROKERS.join(', ')}.`);
    return proxy;
  }

  async kill(broker: number): Promise<void> {
    await this.kafka.kill(broker);
  }

  async restart(broker: number): Promise<void> {
    await this.kafka.restart(broker);
  }

  async close(): Promise<void> {
    await Promise.all([...this.proxies.values()].map(proxy => proxy.close()));
    await this.kafka.close();
  }
}
