import { DriverError } from '../driver.js';
import type { ProvisionMode, TopicSpec } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import type { Cluster } from './cluster.js';
import { pause } from '../timing/deadline.js';
import {
  brokerError,
  INVALID_PARTITIONS,
  messageOf,
  NO_ERROR,
  TOPIC_ALREADY_EXISTS,
  type Right,
} from '../errors.js';
import { createPartitionsRequest, createTopicsRequest } from '../protocol/create-topics.js';
import type { TopicResult } from '../protocol/create-topics.js';
import { leadersOf } from './topic-leaders.js';

/** How long new topics may take until every partition has a leader. */
const MAX_WAIT_MS = 20_000;

interface Shortfall {
  missing: TopicSpec[];
  short: { spec: TopicSpec; has: number }[];
  leaderless: string[];
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
  const wanted = largest(specs);
  const backoff = new Backoff(50, 500);
  const until = performance.now() + MAX_WAIT_MS;
  for (;;) {
    let waitingFor: string;
    try {
      const shortfall = await compare(cluster, wanted);
      const { missing, short, leaderless } = shortfall;
      if (missing.length + short.length + leaderless.length === 0) return;
      if (mode === 'verify') refuseShortfall(shortfall);
      if (missing.length > 0) await createMissing(cluster, missing, requestTimeoutMs);
      if (short.length > 0) await growShort(cluster, short, requestTimeoutMs);
      waitingFor = describe(shortfall);
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

async function compare(cluster: Cluster, specs: readonly TopicSpec[]): Promise<Shortfall> {
  const { topics } = await cluster.metadata(specs.map(({ topic }) => topic));
  const shortfall: Shortfall = { missing: [], short: [], leaderless: [] };
  for (const spec of specs) {
    const answer = topics.find(({ topic }) => topic === spec.topic);
    const leaders = answer ? leadersOf(answer) : [];
    if (leaders.length === 0) shortfall.missing.push(spec);
    else if (leaders.length < spec.partitions) shortfall.short.push({ spec, has: leaders.length });
    else if (leaders.some(({ leader }) => leader < 0)) shortfall.leaderless.push(spec.topic);
  }
  return shortfall;
}

async function createMissing(
  cluster: Cluster,
  missing: readonly TopicSpec[],
  timeoutMs: number,
): Promise<void> {
  const controller = await cluster.controller();
  const results = await controller.send(createTopicsRequest(missing, timeoutMs), timeoutMs * 2);
  refuseFailures(results, 'Create', [TOPIC_ALREADY_EXISTS], topic => {
    const spec = missing.find(candidate => candidate.topic === topic);
    return `Creating the topic ${topic} with ${spec?.partitions} partitions and replication factor ${spec?.replication}`;
  });
}

async function growShort(cluster: Cluster, short: Shortfall['short'], timeoutMs: number): Promise<void> {
  const controller = await cluster.controller();
  const wanted = short.map(({ spec }) => ({ topic: spec.topic, count: spec.partitions }));
  const results = await controller.send(createPartitionsRequest(wanted, timeoutMs), timeoutMs * 2);
  // Invalid: another instance was first and the topic has them by now. The next comparison tells.
  refuseFailures(results, 'Alter', [INVALID_PARTITIONS], topic => {
    const entry = short.find(({ spec }) => spec.topic === topic);
    return `Growing the topic ${topic} from ${entry?.has} to ${entry?.spec.partitions} partitions`;
  });
}

function refuseFailures(
  results: readonly TopicResult[],
  needs: Right,
  tolerated: readonly number[],
  doing: (topic: string) => string,
): void {
  for (const { topic, errorCode, message } of results) {
    if (errorCode === NO_ERROR || tolerated.includes(errorCode)) continue;
    throw brokerError(errorCode, doing(topic), { detail: message, needs });
  }
}

function refuseShortfall(shortfall: Shortfall): void {
  if (shortfall.missing.length + shortfall.short.length === 0) return; // leaders are only waited for
  throw new DriverError(
    'permanent',
    `Topics are not as they should be: ${describe(shortfall)}. Create them, or set provision to 'create'`,
    'UNKNOWN_TOPIC_OR_PARTITION',
  );
}

function describe({ missing, short, leaderless }: Shortfall): string {
  return [
    ...missing.map(({ topic, partitions }) => `${topic} is missing (wants ${partitions} partitions)`),
    ...short.map(({ spec, has }) => `${spec.topic} has ${has} partitions, wants ${spec.partitions}`),
    ...leaderless.map(topic => `${topic} has partitions without a leader`),
  ].join('; ');
}

/** One specification for each topic: that with the most partitions. */
function largest(specs: readonly TopicSpec[]): TopicSpec[] {
  const byTopic = new Map<string, TopicSpec>();
  for (const spec of specs) {
    const other = byTopic.get(spec.topic);
    if (!other || other.partitions < spec.partitions) byTopic.set(spec.topic, spec);
  }
  return [...byTopic.values()];
}
