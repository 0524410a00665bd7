import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { inject } from 'vitest';
import type { Dice } from './dice.js';
import { hostileRecord, type Kind, type Known } from './hostile-records.js';

/** Records that leave in one request. */
const BATCH = 1000;

/** Writes hostile records as fast as Kafka takes them, with a client of its own. */
export class Flood {
  written = 0;

  private constructor(
    private readonly producer: Producer,
    private readonly dice: Dice,
    private readonly known: Known,
  ) {}

  static async open(dice: Dice, known: Known): Promise<Flood> {
    const brokers = inject('brokers').split(',');
    const kafka = new Kafka({ clientId: 'flood', brokers, logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    return new Flood(producer, dice, known);
  }

  async write(topic: string, count: number, kinds: readonly Kind[]): Promise<void> {
    const corpus = this.known.corpora.get(topic) ?? [];
    for (let left = count; left > 0; left -= BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, left) }, () =>
        hostileRecord(this.dice, kinds, corpus, this.known),
      );
      await this.producer.send({ topic, messages });
      this.written += messages.length;
    }
  }

  async close(): Promise<void> {
    await this.producer.disconnect();
  }
}
