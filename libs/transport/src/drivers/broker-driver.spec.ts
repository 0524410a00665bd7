import { describe, expect, it, vi } from 'vitest';
import { DRIVERS } from './conformance/drivers.js';
import { Stage } from './conformance/stage.js';

vi.mock('lz4-napi', () => {
  throw new Error('as where it is not installed');
});

describe.each(DRIVERS)('%s: a topic whose records are to be compressed', (_, make) => {
  it('is not made where there is no codec, by what to install', async () => {
    const stage = await Stage.embedded(make);
    try {
      const driver = await stage.driver();
      const topic = { topic: 'a', partitions: 1, replication: -1, compression: 'lz4' } as const;
      const making = driver.ensureTopics([topic], 'create');
      await expect(making).rejects.toMatchObject({ kind: 'permanent', name: 'DriverError' });
      await expect(making).rejects.toThrow('npm install lz4-napi');
      expect(await driver.partitions('a')).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
