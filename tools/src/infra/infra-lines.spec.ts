import { describe, expect, it } from 'vitest';
import { infraLines } from './infra-lines.js';

describe('infraLines', () => {
  it('names both addresses as a shell takes them', () => {
    expect(infraLines({ kafkaBrokers: 'a:1,b:2', databaseUrl: "postgres://u:p'w&@h:5432/d?x=1" })).toEqual([
      'KAFKA_BROKERS=a:1,b:2',
      String.raw`DATABASE_URL='postgres://u:p'\''w&@h:5432/d?x=1'`,
    ]);
  });
});
