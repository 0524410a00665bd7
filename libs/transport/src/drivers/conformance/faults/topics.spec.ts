import { ApiKey } from '@parley/embedded-kafka';
import { describe, expect, it } from 'vitest';
import { DRIVERS } from '../drivers.js';
import { Stage } from '../stage.js';

describe.each(DRIVERS)('%s: metadata', (_, make) => {
  it('is asked for once by lookups at the same time, and kept', async () => {
    const stage = await Stage.embedded(make, { topics: ['a'] });
    try {
      const driver = await stage.driver();
      let asked = 0;
      stage.kafka.intercept(ApiKey.Metadata, () => void asked++);
      await Promise.all(Array.from({ length: 20 }, () => driver.partitions('a')));
      await driver.partitions('a');
      expect(asked).toBe(1);
      await driver.partitions('a', { fresh: true });
      expect(asked).toBe(2);
    } finally {
      await stage.close();
    }
  });
});
