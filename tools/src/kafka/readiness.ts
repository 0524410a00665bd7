import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaNode } from './kafka-node.js';

/** A start of three nodes takes 8 s on two idle cores. */
const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 150;

/**
 * Resolves once each running node answers Metadata and names all of the running ones. Rejects when a node dies
 * meanwhile, with its last output, when aborted, or after two minutes.
 */
export async function untilReady(nodes: readonly KafkaNode[], signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  const expected = nodes.length;
  for (const node of nodes) {
    let answer: number | Error = 0;
    while (answer !== expected) {
      signal?.throwIfAborted();
      const dead = nodes.find(each => !each.running);
      if (dead) throw new Error(`Kafka node ${dead.address.id} ended while starting: ${dead.output}`);
      if (Date.now() > deadline)
        throw new Error(
          `Kafka node ${node.address.id} did not see ${expected} brokers within ${READY_TIMEOUT_MS} ms ` +
            `(last answer: ${String(answer)}). It printed: ${node.output || 'nothing'}`,
        );
      answer = await brokersSeenBy(node.address.port);
      if (answer !== expected) await sleep(POLL_MS);
    }
  }
}

async function brokersSeenBy(port: number): Promise<number | Error> {
  const kafka = new Kafka({
    clientId: 'readiness',
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
