import {
  audit,
  callFigures,
  callLines,
  eventFigures,
  eventLine,
  runInProcess,
  violationLines,
} from '@parley/chaos';
import { EmbeddedKafka } from '@parley/embedded-kafka';
import { afterAll, describe, expect, inject, it } from 'vitest';

/** Another seed is another storm: `npm run chaos` draws one, and this test holds one that is always the same. */
const SEED = 7;
const SECONDS = 5;

describe('chaos', () => {
  let kafka: EmbeddedKafka | undefined;
  afterAll(() => kafka?.close());

  it('loses nothing, answers right and keeps order, whatever befalls servers, callers and brokers', async () => {
    // A storm on the embedded brokers is one of their own: no other test is to be hit by it.
    if (inject('kafka') === 'embedded') kafka = await EmbeddedKafka.start({ brokers: 3 });
    const { evidence, faults, beganAt } = await runInProcess({
      seed: SEED,
      seconds: SECONDS,
      kafka: kafka ?? inject('brokers'),
    });
    const calls = callFigures(evidence.callers);
    const events = eventFigures(evidence.callers, evidence.servers);
    console.log([`${faults.length} faults`, ...callLines(calls), eventLine(events)].join('\n'));

    expect(violationLines(audit(evidence), faults, beganAt)).toEqual([]);
    expect(faults.length).toBeGreaterThan(2);
    expect(calls.get('quick')?.answeredMs.length).toBeGreaterThan(50);
    expect(calls.get('stream-resumable')?.answeredMs.length).toBeGreaterThan(0);
    expect(events.acknowledged).toBeGreaterThan(50);
  });
});
