import { describe, expect, it } from 'vitest';
import { resolveClientOptions, resolveServerOptions } from './resolve-options.js';
import { POLICY_DEFAULTS, type PolicyOptions } from './policy-options.js';

const minimal = { service: 'gateway', to: 'user', kafka: { brokers: 'a:9092' } };
const resolve = (policies: PolicyOptions) => resolveClientOptions({ ...minimal, policies }).policies;

describe('policies', () => {
  it('are none by default', () => expect(resolveClientOptions(minimal).policies).toBeUndefined());

  it('have defaults', () => {
    expect(resolve({ retry: true, circuitBreaker: {} })).toEqual({
      retry: { ...POLICY_DEFAULTS.retry, statuses: POLICY_DEFAULTS.statuses, attemptTimeoutMs: undefined },
      circuitBreaker: { ...POLICY_DEFAULTS.circuitBreaker, statuses: POLICY_DEFAULTS.statuses },
      patterns: new Map(),
    });
  });

  it('of a pattern take from the client’s what they do not name', () => {
    const policies = resolve({
      retry: { attempts: 5 },
      circuitBreaker: true,
      patterns: { a: { retry: false }, b: { circuitBreaker: { failures: 9 } } },
    });
    expect(policies?.patterns.get('a')?.retry).toBeUndefined();
    expect(policies?.patterns.get('a')?.circuitBreaker).toBe(policies?.circuitBreaker);
    expect(policies?.patterns.get('b')?.retry?.attempts).toBe(5);
    expect(policies?.patterns.get('b')?.circuitBreaker?.failures).toBe(9);
  });

  it.each<[object, string]>([
    [{ retry: { attempts: 0 } }, 'policies.retry.attempts: Too small: expected number to be >0; got 0'],
    [{ retry: { waitMs: -1 } }, 'policies.retry.waitMs: '],
    [{ retry: { statuses: ['GONE'] } }, 'policies.retry.statuses.0: '],
    [{ retry: { statuses: [] } }, 'needs at least one status'],
    [{ retry: 3 }, 'policies.retry: Invalid input: expected object, received number; got 3'],
    [{ circuitBreaker: { failures: 1.5 } }, 'policies.circuitBreaker.failures: '],
    [{ patterns: { 'user.get': { retry: { tries: 3 } } } }, 'policies.patterns.user.get.retry: '],
    [{ retries: 3 }, 'Unrecognized key: "retries"'],
  ])('%j are refused by name', (policies, message) => {
    const options = { ...minimal, policies: policies as PolicyOptions };
    expect(() => resolveClientOptions(options)).toThrow(message);
    const { to: _to, ...server } = options;
    expect(() => resolveServerOptions(server)).toThrow(message);
  });
});
