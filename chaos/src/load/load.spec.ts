import type { ParleyClient } from '@parley/transport';
import { NEVER, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { MemoryNotebook } from '../journal/journal.js';
import { Load } from './load.js';

const OPTIONS = { process: 'p', seed: 1, callers: 3, keys: 1 };

function under(client: Pick<ParleyClient, 'send' | 'emit'>): { load: Load; notebook: MemoryNotebook } {
  const notebook = new MemoryNotebook();
  const load = new Load(client as ParleyClient, notebook, OPTIONS);
  load.start();
  return { load, notebook };
}

describe('the load', () => {
  it('is over once what was open has ended by the closing of its client', async () => {
    const open = new Subject<never>();
    const { load, notebook } = under({ send: () => open, emit: () => open } as never);
    expect(await load.end(async () => open.error(new Error('closed')))).toBe(0);
    const ended = notebook.entries.filter(({ is }) => is === 'ended');
    expect(ended).toHaveLength(OPTIONS.callers);
    expect(notebook.entries.filter(({ is }) => is === 'asked')).toHaveLength(OPTIONS.callers);
  });

  it('tells how much its client has not ended when it was closed', { timeout: 5_000 }, async () => {
    const { load } = under({ send: () => NEVER, emit: () => NEVER } as never);
    expect(await load.end(async () => {})).toBe(OPTIONS.callers + OPTIONS.keys);
  });
});
