import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { duration, StepFailed, Steps } from './steps.js';

function recorded(): { steps: Steps; lines: string[]; stop: AbortController; pass: (ms: number) => void } {
  const lines: string[] = [];
  const stop = new AbortController();
  let now = 0;
  const steps = new Steps({
    print: line => lines.push(stripVTControlCharacters(line)),
    signal: stop.signal,
    now: () => now,
  });
  return { steps, lines, stop, pass: ms => void (now += ms) };
}

describe('Steps', () => {
  it('print what was done and how long it took, and hand the result on', async () => {
    const { steps, lines, pass } = recorded();
    await expect(steps.step('add', () => (pass(12), 3))).resolves.toBe(3);
    await steps.step('wait', async () => pass(1500));
    expect(lines).toEqual(['  ✔ add 12 ms', '  ✔ wait 1.5 s']);
    expect(steps.summary()).toBe('2 steps did what they should, in 1.5 s.');
  });

  it('print why a step failed, and end the scenario', async () => {
    const { steps, lines } = recorded();
    const failing = steps.step('log in', () => Promise.reject(new Error('got 500:\nbody')));
    await expect(failing).rejects.toThrow(StepFailed);
    expect(lines).toEqual(['  ✖ log in 0 ms', '    got 500:\n    body']);
    expect(steps.summary()).toContain('0 steps');
  });

  it('give up a step that hangs when the signal aborts, and begin no other', async () => {
    const { steps, lines, stop } = recorded();
    const hanging = steps.step('hang', () => new Promise(() => undefined));
    stop.abort(new Error('it took too long'));
    await expect(hanging).rejects.toThrow('it took too long');
    let begun = false;
    await expect(steps.step('next', () => void (begun = true))).rejects.toThrow('it took too long');
    expect(begun).toBe(false);
    expect(lines).toHaveLength(4);
  });
});

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1000, '1.0 s'],
    [61_250, '61.3 s'],
  ])('of %d is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
