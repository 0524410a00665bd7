import type { Sample } from '@parley/tools/processes';
import { describe, expect, it } from 'vitest';
import { auditLeaks } from './leaks.js';

const before: Sample = { rssMb: 120, heapMb: 25, sockets: 20, handles: 30 };
const grown = (by: Partial<Sample>): string[] =>
  auditLeaks(new Map([['a', before]]), new Map([['a', { ...before, ...by }]])).map(({ what }) => what);

describe('the audit of leaks', () => {
  it('finds nothing in a process that holds what it held, or is new', () => {
    expect(grown({ rssMb: 150, heapMb: 20, sockets: 22 })).toEqual([]);
    expect(auditLeaks(new Map(), new Map([['b', before]]))).toEqual([]);
  });

  it.each<[Partial<Sample>, string]>([
    [{ rssMb: 300 }, 'a had 120.0 rssMb before, 300.0 after'],
    [{ heapMb: 40 }, 'a had 25.0 heapMb before, 40.0 after'],
    [{ sockets: 40 }, 'a had 20.0 sockets before, 40.0 after'],
    [{ handles: 60 }, 'a had 30.0 handles before, 60.0 after'],
  ])('finds %j', (by, expected) => {
    expect(grown(by)).toEqual([expected]);
  });
});
