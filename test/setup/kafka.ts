import { EmbeddedKafka } from '@parley/embedded-kafka';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Addresses of the Kafka that the suite runs on. */
    brokers: string;
    kafka: 'embedded' | 'real';
  }
}

/** The suite runs on the Kafka of KAFKA_BROKERS where it is set, else on an embedded one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['KAFKA_BROKERS'];
  if (given) {
    project.provide('brokers', given);
    project.provide('kafka', 'real');
    return async () => undefined;
  }
  const kafka = await EmbeddedKafka.start();
  project.provide('brokers', kafka.bootstrap);
  project.provide('kafka', 'embedded');
  return () => kafka.close();
}
