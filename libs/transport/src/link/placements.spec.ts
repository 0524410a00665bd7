import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Placements } from './placements.js';

describe('records that wait for their partitions', () => {
  test.prop([fc.scheduler(), fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.boolean()), { maxLength: 30 })])(
    'go on in the order of their topic, whichever partition is known first; one without holds up none',
    async (scheduler, records) => {
      const placements = new Placements();
      const gone: Record<string, string[]> = { a: [], b: [] };
      const asked: Record<string, string[]> = { a: [], b: [] };
      for (const [n, [topic, known]] of records.entries()) {
        const partition = known ? scheduler.schedule(Promise.resolve(n)) : reject(scheduler, n);
        placements.place(
          topic,
          partition,
          placed => gone[topic]!.push(`placed ${placed}`),
          error => gone[topic]!.push((error as Error).message),
        );
        asked[topic]!.push(`${known ? 'placed' : 'failed'} ${n}`);
      }
      await scheduler.waitAll();
      expect(gone).toEqual(asked);
    },
  );
});

async function reject(scheduler: fc.Scheduler, n: number): Promise<number> {
  await scheduler.schedule(Promise.resolve());
  throw new Error(`failed ${n}`);
}
