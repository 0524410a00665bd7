import { describe, expect, it } from 'vitest';
import { checkVersions } from './versions.js';

const ALL = Array.from({ length: 80 }, (_, apiKey) => ({ apiKey, name: '', minVersion: 0, maxVersion: 20 }));

function answer(apiKeys: typeof ALL) {
  return { errorCode: 0, throttleTimeMs: 0, apiKeys };
}

describe('the versions that a broker speaks', () => {
  it('are fine where all that is needed is among them', () => {
    expect(() => checkVersions(answer(ALL), 'kafka:9092')).not.toThrow();
  });

  it.each([
    ['too old', { minVersion: 0, maxVersion: 7 }, 'speaks versions 0 to 7 of OffsetCommit, version 8'],
    ['too new', { minVersion: 9, maxVersion: 9 }, 'speaks versions 9 to 9 of OffsetCommit, version 8'],
  ])('are refused where they are %s, by name', (_, range, message) => {
    const apiKeys = ALL.map(api => (api.apiKey === 8 ? { ...api, ...range } : api));
    expect(() => checkVersions(answer(apiKeys), 'kafka:9092')).toThrow(message);
  });

  it('are refused where an API is missing', () => {
    const apiKeys = ALL.filter(({ apiKey }) => apiKey !== 37);
    expect(() => checkVersions(answer(apiKeys), 'kafka:9092')).toThrow(
      'kafka:9092 speaks no version of CreatePartitions, version 3 is needed: use Kafka 3.0 or newer',
    );
  });
});
