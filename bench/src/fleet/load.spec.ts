import { NEVER, Observable, of, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { type Body, body } from '../body.js';
import { outcomeOf } from './call-log.js';
import { Load } from './load.js';
import { askerOf } from './question.js';

function later<T>(...values: T[]): Observable<T> {
  return new Observable(subscriber => {
    const turn = setImmediate(() => {
      for (const value of values) subscriber.next(value);
      subscriber.complete();
    });
    return () => clearImmediate(turn);
  });
}

/** How one caller's first call ends that is answered like this. */
async function firstOutcome(ask: (sent: Body) => Observable<unknown>): Promise<string> {
  const load = new Load(ask, { process: 1, deadlineMs: 30 });
  void load.resize(1);
  await load.resize(0);
  return outcomeOf(load.take().records, 0);
}

describe('Load', () => {
  it.each<[string, (sent: Body) => Observable<unknown>]>([
    ['answered', sent => of(sent)],
    ['repeated', sent => of(sent, sent)],
    ['wrong', () => of(body(5))],
    ['wrong', sent => of(sent, body(5))],
    ['failed', () => of()],
    ['failed', () => throwError(() => new Error('no'))],
    ['lost', () => NEVER],
    ['lost', sent => new Observable(subscriber => subscriber.next(sent))],
  ])('writes down as %s what ended so', async (outcome, ask) => {
    expect(await firstOutcome(ask)).toBe(outcome);
  });

  it('unsubscribes from a call that is lost', async () => {
    const left = vi.fn();
    await firstOutcome(() => new Observable(() => left));
    expect(left).toHaveBeenCalledOnce();
  });

  it('has as many calls open as there are callers, grows and shrinks', async () => {
    let open = 0;
    let most = 0;
    const asked = new Set<string>();
    const load = new Load(
      sent => {
        most = Math.max(most, ++open);
        const { process, call } = askerOf(sent);
        asked.add(`${process}/${call}`);
        return new Observable(subscriber =>
          later(sent)
            .subscribe(subscriber)
            .add(() => (open -= 1)),
        );
      },
      { process: 7, deadlineMs: 1_000 },
    );
    void load.resize(2);
    await vi.waitFor(() => expect(asked.size).toBeGreaterThan(10));
    expect(most).toBe(2);
    void load.resize(5);
    await vi.waitFor(() => expect(most).toBe(5));
    await load.resize(1);
    expect(open).toBeLessThanOrEqual(1);
    await load.resize(0);
    expect(open).toBe(0);
    const { records } = load.take();
    expect(records.outcome).toHaveLength(asked.size);
    expect(asked).toContain('7/0');
    expect(load.take().records.outcome).toHaveLength(0);
  });

  it('asks for a stream every hundredth time, in turn for one that can go on elsewhere', async () => {
    const asked: boolean[] = [];
    const series = (sent: Body, resumable: boolean) => {
      asked.push(resumable);
      return of(sent);
    };
    const load = new Load(sent => later(sent), { process: 1, deadlineMs: 1_000, series });
    void load.resize(1);
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(2));
    await load.resize(0);
    expect(asked.slice(0, 3)).toEqual([true, false, true]);
    const { records } = load.take();
    expect([98, 99, 100].map(call => outcomeOf(records, call))).toEqual(['answered', 'wrong', 'answered']);
  });

  it('remembers what calls failed with', async () => {
    const load = new Load(() => throwError(() => new Error('gone')), { process: 1, deadlineMs: 1_000 });
    void load.resize(3);
    await load.resize(0);
    expect([...load.take().errors]).toEqual([['gone', 3]]);
  });
});
