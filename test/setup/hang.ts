import { ApiKey, fault, type EmbeddedKafka } from '@parley/embedded-kafka';

/**
 * From now on the brokers take what they are sent, or only requests of one kind, and answer nothing. Returns what was
 * asked of them since.
 */
export function hang(kafka: EmbeddedKafka, only?: keyof typeof ApiKey): number[] {
  const asked: number[] = [];
  for (const key of only === undefined ? Object.values(ApiKey) : [ApiKey[only]]) {
    kafka.intercept(key, () => {
      asked.push(key);
      return fault.drop;
    });
  }
  return asked;
}
