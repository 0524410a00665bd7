import { firstValueFrom, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ParleyException } from '../../exceptions/parley-exception.js';
import { policiesSchema, resolvePolicies, type PolicyOptions } from '../../options/policy-options.js';
import { Policies, type PolicyEvent } from './policies.js';

function make(options: PolicyOptions) {
  const policies = new Policies('user', resolvePolicies(policiesSchema.parse(options))!);
  const events: PolicyEvent[] = [];
  policies.events.subscribe(event => events.push(event));
  let attempts = 0;
  const call = async (pattern: string, fails = true) => {
    const before = attempts;
    const source = policies.apply(pattern, 1000, () => {
      attempts += 1;
      return fails ? throwError(() => new ParleyException('UNAVAILABLE', 'away')) : of('fine');
    });
    await firstValueFrom(source).catch(() => undefined);
    return attempts - before;
  };
  return { policies, events, call };
}

const retry = { attempts: 2, waitMs: 0 };

describe('Policies', () => {
  it('counts and tells what they do', async () => {
    const { policies, events, call } = make({ retry, circuitBreaker: { failures: 1 } });
    expect(policies.report()).toEqual({
      retries: 0,
      exhausted: 0,
      refused: 0,
      circuit: 'closed',
      circuits: {},
    });
    await call('a');
    await call('b');
    expect(events).toEqual([
      { kind: 'retry', pattern: 'a', attempt: 1, waitMs: 0, status: 'UNAVAILABLE' },
      { kind: 'exhausted', pattern: 'a', attempts: 2, status: 'UNAVAILABLE' },
      { kind: 'circuit', pattern: undefined, state: 'open' },
      { kind: 'refused', pattern: 'b' },
    ]);
    expect(policies.report()).toEqual({
      retries: 1,
      exhausted: 1,
      refused: 1,
      circuit: 'open',
      circuits: {},
    });
  });

  it('count a call once for the circuit, whatever its attempts', async () => {
    const { policies, call } = make({ retry, circuitBreaker: { failures: 2 } });
    expect(await call('a')).toBe(2);
    expect(policies.report().circuit).toBe('closed');
    await call('a');
    expect(await call('a')).toBe(0);
  });

  it('of a pattern replace the client’s, part by part', async () => {
    const { policies, call } = make({
      retry,
      circuitBreaker: { failures: 1 },
      patterns: { once: { retry: false }, alone: { circuitBreaker: { failures: 1 } } },
    });
    expect(await call('alone')).toBe(2);
    expect(policies.report()).toMatchObject({ circuit: 'closed', circuits: { alone: 'open' } });
    expect(await call('alone')).toBe(0);
    expect(await call('once')).toBe(1);
    expect(policies.report()).toMatchObject({ circuit: 'open', circuits: { alone: 'open' } });
    expect(await call('other')).toBe(0);
  });

  it('may be asked for by pattern only', async () => {
    const { policies, call } = make({ patterns: { safe: { retry } } });
    expect([await call('safe'), await call('other')]).toEqual([2, 1]);
    expect(await call('safe', false)).toBe(1);
    expect(policies.report()).toMatchObject({ retries: 1, circuit: undefined });
  });
});
