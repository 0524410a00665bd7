import { describe, expect, it } from 'vitest';
import { TestTerminal } from '../spec/test-terminal.js';
import { age } from './age.js';
import { printable } from './printable.js';
import { Progress } from './progress.js';
import { table } from './table.js';

describe('text of a record', () => {
  it('cannot move the cursor, change the screen, or turn what is read around', () => {
    expect(printable('\u001b[2J\r\u0007\u009b\u202e ok')).toBe('\\u001b[2J\\u000d\\u0007\\u009b\\u202e ok');
  });

  it('keeps its lines where they are wanted', () => {
    expect(printable('a\n\tb')).toBe('a\n\tb');
    expect(printable('a\nb', { lines: false })).toBe('a\\u000ab');
  });
});

describe('a table', () => {
  const columns = [
    { title: 'name', of: ({ name }: { name: string }) => name, width: 10 },
    { title: 'runs', of: () => 4 },
  ];

  it('has a title for each column and a line for each row', () => {
    const drawn = table([{ name: 'a' }, { name: 'b\u001b[31m' }], columns, false);
    expect(drawn).toMatch(/│ +name +│ +runs +│/);
    expect(drawn).toMatch(/│ +a +│ +4 +│/);
    expect(drawn).not.toContain('\u001b');
  });

  it('is as wide as its text, up to the width of a column', () => {
    const width = (name: string) => table([{ name }], columns, false).indexOf('\n');
    expect(width('a')).toBeLessThan(width('a longer'));
    expect(width('a text of some words')).toBeLessThanOrEqual(width('0123456789'));
  });

  it('is coloured only where it may be', () => {
    expect(table([{ name: 'a' }], columns, true)).toContain('\u001b[');
  });
});

describe('an age', () => {
  it.each([
    [0, '0 s'],
    [59_000, '59 s'],
    [3_599_000, '59 min'],
    [7_200_000, '2 h'],
    [259_200_000, '3 d'],
    [-5000, '0 s'],
  ])('of %d ms is %s', (ms, text) => expect(age(new Date(1e12), new Date(1e12 + ms))).toBe(text));
});

describe('progress', () => {
  it('is shown to whoever watches, ten times a second at most, and taken away', () => {
    const terminal = new TestTerminal();
    terminal.watched = true;
    let now = 0;
    const progress = new Progress(terminal, () => now);
    for (; now < 1000; now += 1) progress.show(`at ${now}`);
    expect(terminal.stderr.match(/at \d+/g)).toHaveLength(10);
    progress.end();
    expect(terminal.stderr.endsWith('\r\u001b[K')).toBe(true);
    expect(terminal.stdout).toBe('');
  });

  it('is nothing where nobody watches', () => {
    const terminal = new TestTerminal();
    const progress = new Progress(terminal);
    progress.show('half');
    progress.end();
    expect(terminal.stderr).toBe('');
  });
});
