import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const PAGE = new URL('../../../../../docs/kafka-client-facts.md', import.meta.url);

interface ShownBy {
  /** Relative to the page. */
  file: string;
  test: string;
}

/** The rows of the page's tables: the fact, and the tests that its last column names. */
const facts: [fact: string, tests: ShownBy[]][] = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| ') && !/^\| (-|What is so)/.test(line))
  .map(line => line.split(' | '))
  .map(([fact = '', , shown = '']) => [fact.slice(2).trim(), testsOf(shown)]);

function testsOf(column: string): ShownBy[] {
  return [...column.matchAll(/\[[^\]]+\]\(([^)]+)\): "([^"]+)"/g)].map(([, file = '', test = '']) => ({
    file,
    test,
  }));
}

describe('docs/kafka-client-facts.md', () => {
  it('has its facts', () => {
    expect(facts.length).toBeGreaterThanOrEqual(24);
  });

  it.each(facts)('names tests that are there: %s', (_, tests) => {
    expect(tests).not.toEqual([]);
    for (const { file, test } of tests) {
      const path = new URL(file, PAGE);
      expect(existsSync(path), `${file} is there`).toBe(true);
      const named = new RegExp(`\\(\\s*'${test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}'`);
      expect(readFileSync(path, 'utf8')).toMatch(named);
    }
  });
});
