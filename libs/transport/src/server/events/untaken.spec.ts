import { expect, it } from 'vitest';
import { ParleyException } from '../../exceptions/parley-exception.js';
import { Untaken } from './untaken.js';

it('what is not taken is counted from when it was sent first, and told once a minute', () => {
  let now = 0;
  const told: string[] = [];
  const untaken = new Untaken(
    () => now,
    message => told.push(message),
  );
  const denied = new ParleyException('PERMISSION_DENIED', 'may not be written');
  const [first, second, third] = [untaken.waits(), untaken.waits(), untaken.waits()];
  third.end();
  expect(untaken.records).toBeUndefined();
  now = 10;
  second.refused('a.dead', denied);
  first.refused('a.dead', denied);
  now = 30;
  first.refused('a.dead', new Error('odd'));
  expect(untaken.records).toEqual({ records: 2, forMs: 30, why: 'odd' });
  second.end();
  now = 60_010;
  first.refused('a.dead', denied);
  expect(untaken.records).toEqual({ records: 1, forMs: 60_010, why: 'may not be written' });
  first.end();
  expect(untaken.records).toBeUndefined();
  const line =
    'Events that failed are kept nowhere yet, and wait for it: Kafka refuses what is sent to a.dead:';
  expect(told).toEqual([`${line} may not be written`, `${line} odd`, `${line} may not be written`]);
});
