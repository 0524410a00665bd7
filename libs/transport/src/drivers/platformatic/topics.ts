import { DriverError } from '../driver.js';
import type { ProvisionMode, TopicSpec } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import { pause } from '../timing/deadline.js';
import { brokerError, INVALID_PARTITIONS, messageOf, NO_ERROR, TOPIC_ALREADY_EXISTS } from '../errors.js';
import { leadersOf } from '../cluster/topic-leaders.js';
import type { Cluster } from './cluster.js';

/** How long new topics may take until every partition has a leader. */
const MAX_WAIT_MS = 20_000;

type State = 'ready' | 'leaderless' | 'missing' | 'short';

interface Found {
  spec: TopicSpec;
  has: number;
  state: State;
}

interface Answer {
  name: string;
  errorCode: number;
  errorMessage?: string | null | undefined;
}

/**
 * Makes, grows or checks topics, and resolves once every partition has a leader. Any number of instances may do
 * so at once: what another one did in the meantime counts. Topics with more partitions than asked for are fine.
 */
export async function ensureTopics(
  cluster: Cluster,
  specs: readonly TopicSpec[],
  mode: ProvisionMode,
  { requestTimeoutMs, signal }: { requestTimeoutMs: number; signal: AbortSignal },
): Promise<void> {
  if (mode === 'none' || specs.length === 0) return;
  const wanted = [
    ...new Map(
      specs.toSorted((a, b) => a.partitions - b.partitions).map(spec => [spec.topic, spec]),
    ).values(),
  ];
  const backoff = new Backoff(50, 500);
  const until = performance.now() + MAX_WAIT_MS;
  for (;;) {
    let waitingFor: string;
    try {
      const found = await find(cluster, wanted);
      if (found.every(({ state }) => state === 'ready')) return;
      waitingFor = describe(found);
      if (mode === 'verify') refuseShortfall(found);
      else await provide(cluster, found, requestTimeoutMs);
    } catch (error) {
      if (error instanceof DriverError && error.kind === 'permanent') throw error;
      waitingFor = messageOf(error);
    }
    if (signal.aborted || performance.now() > until) {
      throw new DriverError('retriable', `Topics are not ready after ${MAX_WAIT_MS} ms: ${waitingFor}`);
    }
    await pause(backoff.take(), signal);
  }
}

async function find(cluster: Cluster, specs: readonly TopicSpec[]): Promise<Found[]> {
  const { topics } = await cluster.metadata(specs.map(({ topic }) => topic));
  return specs.map(spec => {
    const answer = topics.find(({ topic }) => topic === spec.topic);
    const leaders = answer ? leadersOf(answer) : [];
    const has = leaders.length;
    if (has === 0) return { spec, has, state: 'missing' };
    if (has < spec.partitions) return { spec, has, state: 'short' };
    return { spec, has, state: leaders.some(({ leader }) => leader < 0) ? 'leaderless' : 'ready' };
  });
}

async function provide(cluster: Cluster, found: readonly Found[], timeoutMs: number): Promise<void> {
  const missing = found.filter(({ state }) => state === 'missing').map(({ spec }) => spec);
  const short = found.filter(({ state }) => state === 'short');
  const { createTopicsV7, createPartitionsV3 } = await cluster.client();
  if (missing.length > 0) {
    const asked = missing.map(({ topic, partitions, replication, config = {} }) => ({
      name: topic,
      numPartitions: partitions,
      replicationFactor: replication,
      assignments: [],
      configs: Object.entries(config).map(([name, value]) => ({ name, value })),
    }));
    const controller = await cluster.controller();
    const { topics } = await controller.send(createTopicsV7.api, [asked, timeoutMs, false], timeoutMs * 2);
    refuseFailures(topics, TOPIC_ALREADY_EXISTS, name => {
      const spec = missing.find(({ topic }) => topic === name);
      return `Creating the topic ${name} with ${spec?.partitions} partitions and replication factor ${spec?.replication}`;
    });
  }
  if (short.length > 0) {
    const asked = short.map(({ spec }) => ({ name: spec.topic, count: spec.partitions, assignments: null }));
    const controller = await cluster.controller();
    const args: Parameters<typeof createPartitionsV3.createRequest> = [asked, timeoutMs, false];
    const { results } = await controller.send(createPartitionsV3.api, args, timeoutMs * 2);
    // Invalid: another instance was first and the topic has them by now. The next look tells.
    refuseFailures(results, INVALID_PARTITIONS, name => {
      const entry = short.find(({ spec }) => spec.topic === name);
      return `Growing the topic ${name} from ${entry?.has} to ${entry?.spec.partitions} partitions`;
    });
  }
}

function refuseFailures(
  answers: readonly Answer[],
  tolerated: number,
  doing: (topic: string) => string,
): void {
  for (const { name, errorCode, errorMessage } of answers) {
    if (errorCode === NO_ERROR || errorCode === tolerated) continue;
    throw brokerError(errorCode, doing(name), errorMessage);
  }
}

function refuseShortfall(found: readonly Found[]): void {
  if (!found.some(({ state }) => state === 'missing' || state === 'short')) return; // leaders are only waited for
  throw new DriverError(
    'permanent',
    `Topics are not as they should be: ${describe(found)}. Create them, or set provision to 'create'`,
    'UNKNOWN_TOPIC_OR_PARTITION',
  );
}

function describe(found: readonly Found[]): string {
  const lines = found.map(({ spec: { topic, partitions }, has, state }) => {
    if (state === 'missing') return `${topic} is missing (wants ${partitions} partitions)`;
    if (state === 'short') return `${topic} has ${has} partitions, wants ${partitions}`;
    return state === 'leaderless' ? `${topic} has partitions without a leader` : '';
  });
  return lines.filter(line => line !== '').join('; ');
}
