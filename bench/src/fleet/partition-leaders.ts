import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { clock } from '@parley/tools/processes';

/** How long a topic is watched to see which of its partitions grow. */
const WATCH_MS = 500;

/** How often metadata is read while leaders are elected, and so how exactly an election is timed. */
const POLL_MS = 20;

/** A cluster that has no leaders by then will not find any. */
const LIMIT_MS = 60_000;

interface Partition {
  topic: string;
  partition: number;
  leader: number;
  replicas: number[];
  inSync: number[];
}

/** Who leads the topics that begin with a prefix, as a plain admin client sees it. */
export class PartitionLeaders {
  constructor(
    private readonly brokers: readonly string[],
    private readonly prefix: string,
  ) {}

  /** The partition, among topics of such names, to which most is written now. */
  async busiest(names: RegExp): Promise<Partition> {
    return withAdmin(this.brokers, async admin => {
      const topics = (await admin.listTopics()).filter(topic => this.#has(topic) && names.test(topic));
      const before = await ends(admin, topics);
      await sleep(WATCH_MS);
      const after = await ends(admin, topics);
      const growth = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
      const all = await partitions(admin, topics);
      const [busiest] = all.toSorted((a, b) => growth(nameOf(b)) - growth(nameOf(a)));
      if (!busiest || growth(nameOf(busiest)) === 0)
        throw new Error(`Nothing is written to the topics of ${this.prefix} that match ${String(names)}.`);
      return busiest;
    });
  }

  /** Who coordinates groups, and who the cluster's controller is: what else goes with a broker. */
  async roles(): Promise<{ coordinator: number | undefined; controller: number | null }> {
    return withAdmin(this.brokers, async admin => {
      const { controller } = await admin.describeCluster();
      const [offsets] = await partitions(admin, ['__consumer_offsets']);
      return { coordinator: offsets?.leader, controller };
    });
  }

  /**
   * Milliseconds from `killedAt` until the metadata of a broker that lives shows another leader for each partition
   * that the dead one led. Call it as soon as the broker is dead.
   */
  async election(dead: number, survivor: string, killedAt: number): Promise<number> {
    return withAdmin([survivor], async admin => {
      // Each look anew, topics and all: the client asks any broker, the dead one too.
      const elected = async () => {
        const topics = (await admin.listTopics()).filter(topic => this.#has(topic));
        const led = await partitions(admin, topics);
        return led.every(({ leader }) => leader >= 0 && leader !== dead);
      };
      await until(elected, `Broker ${dead} is dead, but some of its partitions have no other leader.`);
      return clock() - killedAt;
    });
  }

  /** Resolves once every replica of every topic of the cluster is in sync. */
  async inSync(): Promise<void> {
    await withAdmin(this.brokers, async admin => {
      const synced = async () =>
        (await partitions(admin, await admin.listTopics())).every(
          ({ replicas, inSync }) => replicas.length === inSync.length,
        );
      await until(synced, 'Some replicas are not in sync.');
    });
  }

  #has(topic: string): boolean {
    return topic.startsWith(`${this.prefix}.`);
  }
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

async function ends(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const all = new Map<string, number>();
  for (const topic of topics)
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      all.set(nameOf({ topic, partition }), Number(high));
  return all;
}

async function partitions(admin: Admin, topics: string[]): Promise<Partition[]> {
  const metadata = await admin.fetchTopicMetadata({ topics });
  return metadata.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionId, leader, replicas, isr }) => ({
      topic: name,
      partition: partitionId,
      leader,
      replicas,
      inSync: isr,
    })),
  );
}

/** What cannot be read counts as not yet so. */
async function until(isSo: () => Promise<boolean>, otherwise: string): Promise<void> {
  for (const limit = clock() + LIMIT_MS; !(await isSo().catch(() => false)); await sleep(POLL_MS))
    if (clock() > limit) throw new Error(`${otherwise} So it has been for ${LIMIT_MS / 1_000} s.`);
}

async function withAdmin<T>(brokers: readonly string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({
    brokers: [...brokers],
    clientId: 'bench-admin',
    logLevel: logLevel.NOTHING,
    requestTimeout: 2_000,
    retry: { retries: 2, initialRetryTime: 50 },
  }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
