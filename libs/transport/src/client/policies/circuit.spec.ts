import { concat, EMPTY, firstValueFrom, lastValueFrom, NEVER, of, Subject, throwError, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParleyException } from '../../exceptions/parley-exception.js';
import { POLICY_DEFAULTS } from '../../options/policy-options.js';
import type { StatusCode } from '../../wire/status.js';
import { Circuit, type CircuitBreakerState } from './circuit.js';

const { statuses, circuitBreaker } = POLICY_DEFAULTS;
const failing = (status: StatusCode) => throwError(() => new ParleyException(status, status));

function make() {
  const states: CircuitBreakerState[] = [];
  const circuit = new Circuit('user', { ...circuitBreaker, statuses }, state => states.push(state));
  let refused = 0;
  const outcome = (status?: StatusCode) =>
    firstValueFrom(circuit.guard(status ? failing(status) : of('fine'), () => (refused += 1))).catch(
      (failure: ParleyException) => failure.message,
    );
  /** Ends as many calls one after another. */
  const fail = async (times: number, status: StatusCode = 'UNAVAILABLE') => {
    for (let n = 0; n < times; n += 1) await outcome(status);
  };
  return { circuit, states, outcome, fail, refused: () => refused };
}

describe('Circuit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('refuses the very next call after five failures in a row', async () => {
    const { circuit, states, outcome, fail, refused } = make();
    await fail(4);
    expect(circuit.state).toBe('closed');
    await fail(1);
    expect(await outcome()).toMatch(/^the circuit to user is open: 5 calls in a row failed/);
    expect(states).toEqual(['open']);
    expect(refused()).toBe(1);
  });

  it('does not subscribe to a call that it refuses', async () => {
    const { circuit, fail } = make();
    await fail(5);
    const subscribed = vi.fn();
    const call = new Subject();
    vi.spyOn(call, 'subscribe').mockImplementation(subscribed);
    await expect(firstValueFrom(circuit.guard(call, () => undefined))).rejects.toMatchObject({
      status: 'UNAVAILABLE',
    });
    expect(subscribed).not.toHaveBeenCalled();
  });

  it('begins to count anew with an answer, a status of the handler’s among them', async () => {
    const { circuit, outcome, fail } = make();
    for (const answer of [undefined, 'NOT_FOUND', 'RESOURCE_EXHAUSTED', 'INTERNAL'] as const) {
      await fail(4);
      await outcome(answer);
    }
    await fail(4);
    expect(circuit.state).toBe('closed');
  });

  it('counts an empty reply as an answer', async () => {
    const { circuit, fail } = make();
    await fail(4);
    await lastValueFrom(
      circuit.guard(EMPTY, () => undefined),
      { defaultValue: undefined },
    );
    await fail(4);
    expect(circuit.state).toBe('closed');
  });

  it('lets one call through after a while, and closes with its answer', async () => {
    const { circuit, states, outcome, fail } = make();
    await fail(5);
    vi.advanceTimersByTime(circuitBreaker.halfOpenAfterMs);
    const trial = new Subject<string>();
    const first = firstValueFrom(circuit.guard(trial, () => undefined));
    expect(circuit.state).toBe('half-open');
    expect(await outcome()).toMatch('is open');
    trial.next('back');
    expect(await first).toBe('back');
    expect(await outcome()).toBe('fine');
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('opens again with the trial’s failure, for as long as before', async () => {
    const { states, outcome, fail } = make();
    await fail(5);
    vi.advanceTimersByTime(circuitBreaker.halfOpenAfterMs);
    expect(await outcome('DEADLINE_EXCEEDED')).toBe('DEADLINE_EXCEEDED');
    vi.advanceTimersByTime(circuitBreaker.halfOpenAfterMs - 1);
    expect(await outcome()).toMatch('is open');
    vi.advanceTimersByTime(1);
    expect(await outcome()).toBe('fine');
    expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
  });

  it('stays open where the subscriber of the trial leaves', async () => {
    const { circuit, fail } = make();
    await fail(5);
    vi.advanceTimersByTime(circuitBreaker.halfOpenAfterMs);
    circuit
      .guard(NEVER, () => undefined)
      .subscribe()
      .unsubscribe();
    await vi.waitFor(() => expect(circuit.state).toBe('open'));
  });

  it('learns nothing from a subscriber that leaves a closed circuit', async () => {
    const { circuit, fail } = make();
    await fail(4);
    for (let n = 0; n < 20; n += 1)
      circuit
        .guard(NEVER, () => undefined)
        .subscribe()
        .unsubscribe();
    await vi.advanceTimersByTimeAsync(1);
    expect(circuit.state).toBe('closed');
    await fail(1);
    expect(circuit.state).toBe('open');
  });

  it('hands a stream on in order, and judges it by its first item', async () => {
    const { circuit } = make();
    for (let n = 0; n < 6; n += 1) {
      const seen: unknown[] = [];
      const call = circuit.guard(concat(of(1, 2, 3), failing('UNAVAILABLE')), () => undefined);
      await lastValueFrom(call).catch((failure: ParleyException) => seen.push(failure.status));
      expect(seen).toEqual(['UNAVAILABLE']);
    }
    expect(circuit.state).toBe('closed');
    const items = await lastValueFrom(circuit.guard(of(1, 2, 3), () => undefined).pipe(toArray()));
    expect(items).toEqual([1, 2, 3]);
  });

  it('holds no timer', async () => {
    const { fail } = make();
    await fail(5);
    expect(vi.getTimerCount()).toBe(0);
  });
});
