import { type RunningKafka, startKafka } from '@parley/tools/kafka';

/** A Kafka to measure on. */
export interface Cluster {
  /** Bootstrap addresses; empty where no Kafka is needed. */
  brokers: string[];
  /** Where the bench started it, and so may kill its nodes. */
  own?: RunningKafka;
}

/** How many brokers a scenario takes. */
export type ClusterSize = 0 | 1 | 3;

/** The Kafka that the user gave, or else one that the bench starts: one at a time, as large as needed. */
export class Clusters {
  #size: ClusterSize = 0;
  #cluster: Cluster = { brokers: [] };

  constructor(
    private readonly given: string | undefined,
    private readonly log: (line: string) => void,
  ) {}

  async ofSize(size: ClusterSize): Promise<Cluster> {
    if (size === 0) return { brokers: [] };
    if (this.given) return { brokers: addresses(this.given) };
    if (size !== this.#size) {
      await this.close();
      const own = await startKafka({
        brokers: size,
        log: this.log,
        ...(size === 3 && { properties: QUICK_ELECTIONS }),
      });
      this.#cluster = { brokers: addresses(own.bootstrap), own };
      this.#size = size;
    }
    return this.#cluster;
  }

  async close(): Promise<void> {
    const { own } = this.#cluster;
    this.#cluster = { brokers: [] };
    this.#size = 0;
    await own?.close();
  }
}

/**
 * A broker that died is found out after a second instead of nine: what a transport adds to an election is to be seen
 * beside the election.
 */
const QUICK_ELECTIONS = { 'broker.session.timeout.ms': 1_000, 'broker.heartbeat.interval.ms': 200 };

function addresses(bootstrap: string): string[] {
  return bootstrap.split(',').filter(Boolean);
}
