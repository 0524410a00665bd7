import { isFleetRow, type Ratio, rateOf, type Report, type Row, SUBJECT } from './report.js';
import { targetResults } from './targets.js';

/** The report as a page: figures, ratios, targets, and what they were measured on. */
export function markdown(report: Report): string {
  const { environment } = report;
  return [
    '# Benchmark results',
    `Measured on ${environment.date.slice(0, 10)} with Node ${environment.node}, ${environment.kafka}, on ` +
      `${environment.cores} cores (${environment.cpu}), ${environment.memoryGb} GB, ${environment.os}. Callers in ` +
      'one process, the server in another, the broker beside them on the same machine; bodies are 100 bytes of ' +
      `JSON; ${environment.secondsCounted} s counted after a warm-up. Absolute figures drift from run to run; the ` +
      'ratios between systems of one run hold better. `npm run bench` makes this page.',
    '![Calls, items and events a second](results.svg)',
    '## Figures',
    'CPU and memory are those of both processes together, without the broker; CPU each is for one call or event. ' +
      'Startup is from the making of a client to its first answer: the median in p50, the longest in p99.',
    figures(report.rows.filter(row => !isFleetRow(row))),
    ...fleets(report.rows.filter(isFleetRow)),
    ...(report.ratios.length > 0
      ? [
          '## Parley against the others',
          'Rates above 1 and latencies below 1 are better.',
          ratios(report.ratios),
        ]
      : []),
    ...targets(report.rows),
    '',
  ].join('\n\n');
}

function figures(rows: readonly Row[]): string {
  return table(
    [
      'Scenario',
      'Callers',
      'System',
      'per second',
      'p50 ms',
      'p99 ms',
      'CPU s',
      'CPU µs each',
      'Memory MB',
      'Note',
    ],
    rows.map(row => [
      row.scenario,
      whole(row.concurrency),
      row.system === SUBJECT ? `**${row.system}**` : row.system,
      whole(rateOf(row)),
      precise(row.p50Ms),
      precise(row.p99Ms),
      precise(row.cpuSeconds),
      precise(row.cpuEachUs),
      whole(row.rssMb),
      row.error ? `failed: ${row.error}` : (row.note ?? ''),
    ]),
  );
}

function ratios(all: readonly Ratio[]): string {
  return table(
    ['Scenario', 'Callers', 'Against', 'Rate', 'p50', 'p99'],
    all.map(ratio => [
      ratio.scenario,
      whole(ratio.concurrency),
      ratio.against,
      precise(ratio.rate),
      precise(ratio.p50),
      precise(ratio.p99),
    ]),
  );
}

function fleets(rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  return [
    '## Fleets',
    'In `elastic`, callers go from one process to four and back, then servers are rolled; in `recovery-server` one of ' +
      'two servers is killed, in `recovery-broker` the broker that leads the partition by which answers arrive, on a ' +
      'cluster of three that misses a broker after a second. The README of the bench says what each column means.',
    table(
      [
        'Scenario',
        'Callers',
        'System',
        'per second',
        'Failed',
        'Lost',
        'Duplicated',
        'Longest pause ms',
        'while callers change',
        'To next answer ms',
        'Election ms',
        'Note',
      ],
      rows.map(row => [
        row.scenario,
        whole(row.concurrency),
        row.system === SUBJECT ? `**${row.system}**` : row.system,
        whole(rateOf(row)),
        whole(row.failed),
        whole(row.lost),
        whole(row.duplicated),
        whole(row.longestPauseMs),
        whole(row.longestPauseCallersMs),
        whole(row.timeToNextAnswerMs),
        whole(row.electionMs),
        row.error ? `failed: ${row.error}` : (row.note ?? ''),
      ]),
    ),
  ];
}

function targets(all: readonly Row[]): string[] {
  const results = targetResults(all);
  if (results.length === 0) return [];
  const rows = results.map(({ subject, claim, measured, met }) => [
    subject,
    claim,
    measured,
    met ? 'yes' : 'no',
  ]);
  return ['## Targets', table(['Scenario', 'Target', 'Measured', 'Met'], rows)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A cell holds one line, and no bar of its own. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 200);
}

function whole(value: number | undefined): string {
  return value === undefined ? '' : Math.round(value).toLocaleString('en');
}

function precise(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 100 ? whole(value) : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
