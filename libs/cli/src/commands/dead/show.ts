import { letterId, type ShownLetter } from '@parley/transport';
import type { Command } from 'commander';
import { withConnection, type ConnectionFlags } from '../../connection/connection-options.js';
import { withOffice } from '../../connection/office.js';
import { json } from '../../output/json.js';
import { printable } from '../../output/printable.js';
import type { Shell } from '../../shell.js';

interface Flags extends ConnectionFlags {
  json?: boolean;
}

/** `parley dead show`. */
export function addDeadShow(dead: Command, { terminal }: Shell): void {
  const command = dead.command('show').description('Shows one letter whole, the event’s data included');
  withConnection(command)
    .argument('<letter>', 'its id, as `parley dead list` gives it: <topic>/<partition>/<offset>')
    .option('--json', 'for programs')
    .action(async (id: string, flags: Flags) => {
      const letter = await withOffice(flags, terminal, office => office.show(id));
      terminal.out(flags.json ? json(plain(letter)) : pages(letter));
    });
}

/** Bytes as text where they are text, else in base64, as `encoding` tells. */
function told(bytes: Buffer | string | null): { text: string | null; encoding: 'utf8' | 'base64' } {
  if (bytes === null || typeof bytes === 'string') return { text: bytes, encoding: 'utf8' };
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return { text, encoding: 'utf8' };
  return { text: bytes.toString('base64'), encoding: 'base64' };
}

function plain(letter: ShownLetter): object {
  const { place, record, origin, firstFailedAt, at, ...rest } = letter;
  const value = told(record.value);
  return {
    id: letterId(place),
    ...rest,
    origin: { topic: origin.topic, partition: origin.partition, offset: origin.offset },
    firstFailedAt: firstFailedAt.toISOString(),
    at: at.toISOString(),
    key: told(record.key).text,
    headers: Object.fromEntries(
      Object.entries(record.headers).map(([name, text]) => [name, told(text).text]),
    ),
    value: value.text,
    valueEncoding: value.encoding,
  };
}

function pages(letter: ShownLetter): string {
  const { place, service, handler, origin, attempts, cause, firstFailedAt, at, omitted, record } = letter;
  const fields: [string, string][] = [
    ['letter', letterId(place)],
    ['service', handler === undefined ? service : `${service}, handler ${handler}`],
    ['event', `${origin.topic}, partition ${origin.partition}, offset ${origin.offset}`],
    ['key', told(record.key).text ?? '(none)'],
    ['runs', `${attempts}, the first failed ${firstFailedAt.toISOString()}, given up ${at.toISOString()}`],
    ['redriven', `${letter.redrives} times before${letter.redriven ? ', and since' : ''}`],
    ...(omitted.length > 0 ? [['missing', omitted.join(', ')] as [string, string]] : []),
    ...letter.history.map((death): [string, string] => [
      'died before',
      `${death.at} after ${death.attempts} runs: ${death.cause}`,
    ]),
    ...Object.entries(record.headers).map(([name, text]): [string, string] => [
      'header',
      `${name}: ${told(text).text ?? ''}`,
    ]),
  ];
  const width = Math.max(...fields.map(([name]) => name.length));
  const lines = fields.map(([name, text]) => `${name.padEnd(width)}  ${printable(text, { lines: false })}`);
  const value = told(record.value);
  return [
    ...lines,
    '',
    printable(cause.stack ?? `${cause.name}: ${cause.message}`),
    '',
    value.encoding === 'utf8' ? printable(value.text ?? '(no value)') : `${value.text} (base64)`,
    '',
  ].join('\n');
}
