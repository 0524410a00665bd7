import type { LetterSummary } from '@parley/transport';
import { age } from '../../output/age.js';
import { table } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';

/** Letters, one a row. */
export function letterTable(letters: readonly LetterSummary[], { colours, now }: Terminal): string {
  const at = now();
  return table<LetterSummary>(
    letters,
    [
      { title: 'letter', of: ({ id }) => id, width: 400 },
      { title: 'age', of: ({ diedAt }) => age(new Date(diedAt), at) },
      { title: 'key', of: ({ key }) => key ?? '', width: 30 },
      { title: 'handler', of: ({ handler }) => handler ?? '', width: 40 },
      { title: 'cause', of: ({ cause }) => cause },
      { title: 'runs', of: ({ attempts }) => attempts },
      {
        title: 'redriven',
        of: ({ redrives, redriven }) => (redriven ? `${redrives} + 1` : String(redrives)),
      },
    ],
    colours,
  );
}
