import type { Command } from 'commander';
import { count } from '../../arguments/count.js';
import { withConnection, type ConnectionFlags } from '../../connection/connection-options.js';
import { withOffice } from '../../connection/office.js';
import { json } from '../../output/json.js';
import { Progress } from '../../output/progress.js';
import type { Shell } from '../../shell.js';
import { letterTable } from './letter-table.js';
import { selectionOf, withSelection, type SelectionFlags } from './selection-options.js';

interface Flags extends ConnectionFlags, SelectionFlags {
  limit: number;
  all?: boolean;
  json?: boolean;
}

/** A cluster answers somebody without rights as it answers where there is nothing. */
const HIDDEN =
  'Nothing to be seen. Kafka hides topics that one has no right to: `parley topology --role dead-list --acls` lists them.\n';

/** `parley dead list`. */
export function addDeadList(dead: Command, { terminal }: Shell): void {
  const command = dead
    .command('list')
    .description('Lists letters that wait, of each partition the oldest first');
  withConnection(withSelection(command))
    .option('-n, --limit <count>', 'letters to list; all are counted', count, 100)
    .option('-a, --all', 'those too that have been redriven')
    .option('--json', 'for programs')
    .action(async (flags: Flags) => {
      const progress = new Progress(terminal);
      const listing = await withOffice(flags, terminal, office =>
        office.list({
          ...selectionOf(flags, terminal.now()),
          limit: flags.limit,
          all: flags.all,
          signal: terminal.signal,
          onProgress: looked => progress.show(`${looked} records looked at`),
        }),
      ).finally(() => progress.end());
      if (listing.matched + listing.strangers === 0) terminal.err(HIDDEN);
      if (flags.json) {
        terminal.out(json(listing));
        return;
      }
      const { letters, matched, strangers } = listing;
      if (letters.length > 0) terminal.out(letterTable(letters, terminal));
      const more = matched > letters.length ? `, ${letters.length} of them shown (--limit)` : '';
      terminal.out(`${matched} letters${more}\n`);
      if (strangers > 0) terminal.out(`${strangers} records are no dead letters of this service\n`);
    });
}
