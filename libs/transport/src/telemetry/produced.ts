import type { Attributes } from '@opentelemetry/api';
import type { OutgoingRecord, ProduceOutcome } from '../drivers/driver.js';
import { asDriverError } from '../link/driver-status.js';
import { ATTRIBUTES, operationOn } from './attributes.js';
import { activeInstruments, type Instruments } from './instruments.js';

/** What is told of one produce request: how long it took, how much it carried, and what became of that. */
export class ProduceTelemetry {
  private readonly begun = performance.now();

  private constructor(
    private readonly instruments: Instruments,
    private readonly records: readonly OutgoingRecord[],
  ) {
    instruments.batchSize.record(records.length);
  }

  /** Undefined where nobody listens. */
  static begin(records: readonly OutgoingRecord[]): ProduceTelemetry | undefined {
    const instruments = activeInstruments();
    return instruments && new ProduceTelemetry(instruments, records);
  }

  /** Some partitions may have refused their records. */
  answered(outcomes: readonly ProduceOutcome[]): void {
    const refused = new Map(
      outcomes.flatMap(({ topic, partition, error }) =>
        error ? [[`${topic}/${partition}`, kindOf(error)] as const] : [],
      ),
    );
    if (refused.size === 0) this.tell(() => undefined);
    else this.tell(({ topic, partition }) => refused.get(`${topic}/${partition}`));
  }

  failed(error: unknown): void {
    const kind = kindOf(error);
    this.tell(() => kind);
  }

  private tell(errorOf: (record: OutgoingRecord) => string | undefined): void {
    const sent = new Map<string, Map<string | undefined, number>>();
    let failure: string | undefined;
    for (const record of this.records) {
      const error = errorOf(record);
      failure ??= error;
      let ofTopic = sent.get(record.topic);
      if (!ofTopic) sent.set(record.topic, (ofTopic = new Map<string | undefined, number>()));
      ofTopic.set(error, (ofTopic.get(error) ?? 0) + 1);
    }
    const { operationDuration, sentMessages } = this.instruments;
    const [first, ...others] = sent.keys();
    const seconds = (performance.now() - this.begun) / 1000;
    operationDuration.record(seconds, this.sending(others.length > 0 ? undefined : first, failure));
    for (const [topic, ofTopic] of sent)
      for (const [error, count] of ofTopic) sentMessages.add(count, this.sending(topic, error));
  }

  /** No topic: it went to several. A topic for each pattern may be made up by whoever sends. */
  private sending(topic: string | undefined, error: string | undefined): Attributes {
    return {
      ...operationOn('send', topic === undefined ? undefined : this.instruments.topics.told(topic)),
      ...(error !== undefined && { [ATTRIBUTES.errorType]: error }),
    };
  }
}

function kindOf(error: unknown): string {
  const { code, kind } = asDriverError(error);
  return code ?? kind;
}
