import type { Selection } from '@parley/transport';
import type { Command } from 'commander';
import { duration } from '../../arguments/duration.js';

/** The options that say which letters are meant. */
export interface SelectionFlags {
  topic?: string;
  cause?: string;
  key?: string;
  olderThan?: number;
  newerThan?: number;
}

export function withSelection(command: Command): Command {
  return command
    .option('-t, --topic <name>', 'only those of an event’s topic')
    .option('--cause <words>', 'only those whose cause has these words')
    .option('-k, --key <key>', 'only those of an event’s key')
    .option('--older-than <age>', 'only those given up longer ago: 90s, 30m, 12h, 7d', duration)
    .option('--newer-than <age>', 'only those given up since: 90s, 30m, 12h, 7d', duration);
}

export function selectionOf(
  { topic, cause, key, olderThan, newerThan }: SelectionFlags,
  now: Date,
): Selection {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  return {
    ...(topic !== undefined && { topic }),
    ...(cause !== undefined && { cause }),
    ...(key !== undefined && { key }),
    ...(olderThan !== undefined && { before: ago(olderThan) }),
    ...(newerThan !== undefined && { after: ago(newerThan) }),
  };
}
