import { EmbeddedKafka } from '@parley/embedded-kafka';
import type { EmbeddedKafkaOptions } from '@parley/embedded-kafka';
import type { Driver, DriverEvents, OutgoingRecord, ReceivedRecord } from '../driver.js';
import type { KafkaOptions } from '../kafka-options.js';
import type { MakeDriver } from './drivers.js';

const SILENT = { log() {}, error() {}, warn() {}, debug() {} };

let topics = 0;

/** A broker, and the drivers that a spec opened on it. Closes all of them. */
export class Stage {
  readonly errors: DriverEvents['error'][] = [];
  private readonly opened: Driver[] = [];

  private constructor(
    private readonly make: MakeDriver,
    readonly brokers: readonly string[],
    private readonly embedded?: EmbeddedKafka,
  ) {}

  /** The embedded broker that was made for this spec, whatever KAFKA_BROKERS says: faults can be injected. */
  get kafka(): EmbeddedKafka {
    if (this.embedded) return this.embedded;
    throw new Error('This spec may run on real Kafka: it can inject nothing');
  }

  /** On an embedded broker. */
  static async embedded(make: MakeDriver, options: EmbeddedKafkaOptions = {}): Promise<Stage> {
    const kafka = await EmbeddedKafka.start(options);
    return new Stage(make, kafka.brokers, kafka);
  }

  /** On the brokers that KAFKA_BROKERS names, else on an embedded one: for specs that need no faults. */
  static async any(make: MakeDriver): Promise<Stage> {
    const given = process.env.KAFKA_BROKERS;
    return given ? Stage.on(make, given.split(',')) : Stage.embedded(make);
  }

  /** On brokers that somebody else started and closes. */
  static on(make: MakeDriver, brokers: readonly string[]): Stage {
    return new Stage(make, brokers);
  }

  /** A driver that is not yet connected. */
  unconnected(options: Partial<KafkaOptions> = {}): Driver {
    const driver = this.make({ brokers: this.brokers, clientId: 'conformance', ...options }, SILENT);
    driver.on('error', event => this.errors.push(event));
    this.opened.push(driver);
    return driver;
  }

  async driver(options: Partial<KafkaOptions> = {}): Promise<Driver> {
    const driver = this.unconnected(options);
    await driver.connect();
    return driver;
  }

  /** A new topic, under a name that no other spec uses. */
  async topic(
    partitions = 1,
    config: Record<string, string> = {},
    { replication = -1 } = {},
  ): Promise<string> {
    const topic = this.name();
    const driver = await this.driver();
    await driver.ensureTopics([{ topic, partitions, replication, config }], 'create');
    return topic;
  }

  name(): string {
    return `conformance-${process.pid}-${Date.now()}-${++topics}`;
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map(driver => driver.close({ drainMs: 0 })));
    await this.embedded?.close();
  }
}

export function record(topic: string, partition: number, value: string): OutgoingRecord {
  return { topic, partition, key: null, value: Buffer.from(value), headers: {} };
}

export function values(records: readonly ReceivedRecord[]): string[] {
  return records.map(({ value }) => value?.toString() ?? 'null');
}

/** Sends to whoever leads the partition now, again until it is acknowledged: as the sender does, without its batching. */
export async function send(driver: Driver, ...records: OutgoingRecord[]): Promise<void> {
  for (const one of records) await sendOne(driver, one);
}

async function sendOne(driver: Driver, one: OutgoingRecord): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const leaders = await driver.partitions(one.topic, { fresh: tries > 0 }).catch(() => []);
    const leader = leaders.find(({ partition }) => partition === one.partition)?.leader ?? -1;
    // A rejection is one more try: none of these specs loses an answer to a record that was written.
    const [outcome] = leader < 0 ? [] : await driver.produce(leader, [one]).catch(() => []);
    if (outcome && !outcome.error) return;
  }
  throw new Error(`${one.topic}[${one.partition}] took no record`);
}
