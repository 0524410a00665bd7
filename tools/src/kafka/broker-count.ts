import { InvalidArgumentError } from 'commander';

/** Reads `--brokers`. */
export function brokerCount(value: string): 1 | 3 {
  if (value === '1') return 1;
  if (value === '3') return 3;
  throw new InvalidArgumentError('It is 1 or 3.');
}
