import { EmbeddedKafka } from '@parley/embedded-kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withAdmin } from '../cluster/admin.js';
import { runInProcess } from './run-in-process.js';

describe('a run in this process', () => {
  let kafka: EmbeddedKafka;
  beforeAll(async () => {
    kafka = await EmbeddedKafka.start({ brokers: 3 });
  });
  afterAll(() => kafka.close());

  it('ends in the middle of its storm when its signal aborts, with everything that it started', async () => {
    const stop = new AbortController();
    const faults: string[] = [];
    const log = (line: string) => {
      faults.push(line);
      stop.abort(new Error('enough'));
    };
    const run = runInProcess({ seed: 7, seconds: 600, kafka, log, signal: stop.signal });
    await expect(run).rejects.toThrow('enough');
    expect(faults).toHaveLength(1);
    expect(await members(kafka)).toEqual([]);
  });
});

function members({ brokers }: EmbeddedKafka): Promise<string[]> {
  return withAdmin(brokers, async admin => {
    const { groups } = await admin.listGroups();
    const described = await admin.describeGroups(groups.map(({ groupId }) => groupId));
    return described.groups.flatMap(group => group.members.map(({ memberId }) => memberId));
  });
}
