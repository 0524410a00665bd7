import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileNotebook, readEntries } from './journal.js';

describe('a notebook in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives back what was written, and leaves out a line that was not finished', () => {
    const path = join(folder, 'a.jsonl');
    const notebook = new FileNotebook(path);
    notebook.write({ is: 'over', at: 1 });
    notebook.write({ is: 'handled', at: 2, service: 's', key: 'k', n: 3 });
    expect(readEntries(path)).toEqual([
      { is: 'over', at: 1 },
      { is: 'handled', at: 2, service: 's', key: 'k', n: 3 },
    ]);
    notebook.close();
    appendFileSync(path, '{"is":"over","a');
    expect(readEntries(path)).toHaveLength(2);
  });
});
