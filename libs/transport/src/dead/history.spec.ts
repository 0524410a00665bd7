import { describe, expect, it } from 'vitest';
import { historyOf, REDRIVE_HEADERS, redriveHeaders, redrivesOf } from './history.js';
import { letter } from './spec/letters.js';

const NOW = new Date('2026-11-21T12:00:00.000Z');

describe('the history of a redriven record', () => {
  it('tells how it died, and when it was redriven', () => {
    const headers = redriveHeaders(letter(), 'dead/0/1', NOW);
    expect(redrivesOf(headers)).toBe(1);
    expect(headers[REDRIVE_HEADERS.letter]).toBe('dead/0/1');
    expect(historyOf(headers)).toEqual([
      {
        service: 'mailer',
        handler: 'Mails.welcome',
        partition: 2,
        offset: 17,
        attempts: 4,
        cause: 'TypeError: no room',
        firstFailedAt: '2026-11-21T10:00:00.000Z',
        at: '2026-11-21T10:00:02.000Z',
        redrivenAt: NOW.toISOString(),
      },
    ]);
  });

  it('grows with each death, up to the latest ten', () => {
    let headers: Record<string, string> = {};
    for (let offset = 0; offset < 12; offset += 1) {
      const origin = { topic: 'p-user.created', partition: 0, offset };
      headers = redriveHeaders(letter({ headers, death: { origin } }), 'dead/0/1', NOW);
    }
    expect(redrivesOf(headers)).toBe(12);
    expect(historyOf(headers).map(({ offset }) => offset)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('stays small, whatever the cause', () => {
    let headers: Record<string, string> = {};
    for (let death = 0; death < 20; death += 1) {
      const cause = new Error('"'.repeat(5000));
      headers = redriveHeaders(letter({ headers, death: { cause } }), 'dead/0/1', NOW);
    }
    expect(historyOf(headers)).toHaveLength(10);
    expect(headers[REDRIVE_HEADERS.history]!.length).toBeLessThan(16 * 1024);
  });

  it.each(['', '{', '{}', '[1]', '[{"service":1}]', 'x'.repeat(100_000)])(
    'is none where it says %.20j',
    text => expect(historyOf({ [REDRIVE_HEADERS.history]: text })).toEqual([]),
  );

  it.each(['', '-1', '1.5', 'NaN', '9'.repeat(400)])('counts no redrive where its header says %.20j', text =>
    expect(redrivesOf({ [REDRIVE_HEADERS.count]: text })).toBe(0),
  );
});
