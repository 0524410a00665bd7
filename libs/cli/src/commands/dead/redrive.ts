import type { RedriveReport } from '@parley/transport';
import { Option, type Command } from 'commander';
import { count } from '../../arguments/count.js';
import { withConnection, type ConnectionFlags } from '../../connection/connection-options.js';
import { withOffice } from '../../connection/office.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { json } from '../../output/json.js';
import { printable } from '../../output/printable.js';
import { Progress } from '../../output/progress.js';
import type { Shell } from '../../shell.js';
import type { Terminal } from '../../terminal.js';
import { letterTable } from './letter-table.js';
import { selectionOf, withSelection, type SelectionFlags } from './selection-options.js';

interface Flags extends ConnectionFlags, SelectionFlags {
  dryRun: boolean;
  again?: boolean;
  everyHandler?: boolean;
  rate?: number;
  limit?: number;
  json?: boolean;
}

/** `parley dead redrive`. */
export function addDeadRedrive(dead: Command, shell: Shell): void {
  const { terminal } = shell;
  const command = dead
    .command('redrive')
    .description(
      'Puts letters back on the topics that they came from, for the handlers that gave them up. Without --no-dry-run it only says what it would do.',
    );
  withConnection(withSelection(command))
    .addOption(new Option('--dry-run', 'change nothing, say what would be redriven').default(true))
    .option('--no-dry-run', 'redrive')
    .option('--again', 'letters too that died again after a redrive')
    .option(
      '--every-handler',
      'for all handlers of the event in the service, not only the one that gave it up',
    )
    .option('-r, --rate <count>', 'letters a second, at most', count)
    .option('-n, --limit <count>', 'letters, at most', count)
    .option('--json', 'for programs')
    .action(async (flags: Flags) => {
      const { dryRun, again, everyHandler, rate: perSecond, limit } = flags;
      const progress = new Progress(terminal);
      const { signal } = terminal;
      const onProgress = ({ redriven, failed }: Readonly<RedriveReport>) =>
        progress.show(`${redriven} ${dryRun ? 'would be redriven' : `redriven, ${failed} failed`}`);
      const report = await withOffice(flags, terminal, office =>
        office.redrive({
          ...selectionOf(flags, terminal.now()),
          dryRun,
          again,
          everyHandler,
          perSecond,
          limit,
          signal,
          onProgress,
        }),
      ).finally(() => progress.end());
      terminal.out(flags.json ? json(report) : told(report, terminal));
      shell.exitCode = exitCodeOf(report);
    });
}

function exitCodeOf({ ended, failed }: RedriveReport): ExitCode {
  if (ended === 'interrupted') return EXIT.interrupted;
  return failed > 0 ? EXIT.failed : EXIT.done;
}

const ENDINGS: Readonly<Record<RedriveReport['ended'], string | undefined>> = {
  end: undefined,
  limit: 'Stopped at the limit: there may be more.',
  interrupted: 'Interrupted: the next redrive goes on from here.',
  shared: 'Another redrive of this service has the rest.',
};

function told(report: RedriveReport, terminal: Terminal): string {
  const { dryRun, letters, redriven, ended } = report;
  const counts: [number, string][] = [
    [report.redrivenBefore, 'were redriven before'],
    [report.diedAgain, 'died again after a redrive (--again redrives them too)'],
    [report.incomplete, 'were too large to be kept whole, and cannot be redriven'],
    [report.failed, 'were not taken by their topic, and stay'],
    [report.strangers, 'records are no dead letters of this service'],
  ];
  const shown = letters.length > 0 ? letterTable(letters, terminal) : '';
  const rest = redriven > letters.length ? `... and ${redriven - letters.length} more\n` : '';
  const lines = [
    dryRun
      ? `DRY RUN, nothing was changed: ${redriven} letters would be redriven. Add --no-dry-run to redrive them.`
      : `${redriven} letters redriven.`,
    ...counts.filter(([many]) => many > 0).map(([many, what]) => `${many} ${what}`),
    ...report.failures.map(
      ({ id, status, message }) => `  ${id} ${status}: ${printable(message, { lines: false })}`,
    ),
    ENDINGS[ended],
  ];
  return `${shown}${rest}${lines.filter(line => line !== undefined).join('\n')}\n`;
}
