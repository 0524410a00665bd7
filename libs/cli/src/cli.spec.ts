import { describe, expect, it } from 'vitest';
import { run } from './cli.js';
import { TestTerminal } from './spec/test-terminal.js';

async function parley(args: string[], env: Record<string, string> = {}) {
  const terminal = new TestTerminal(env);
  const exitCode = await run(args, terminal);
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

describe('parley', () => {
  it('says what there is', async () => {
    const { exitCode, stdout, stderr } = await parley(['dead', 'redrive', '--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain('Without --no-dry-run it only says what it would do');
    expect(text).toContain('TLS and SASL are never given on the command line');
  });

  it.each<[string, string[], RegExp]>([
    ['nothing', [], /Usage: parley/],
    ['an unknown command', ['alive'], /unknown command 'alive'/],
    ['an unknown option', ['dead', 'list', '--sasl-password', 'x'], /unknown option '--sasl-password'/],
    ['no letter', ['dead', 'show'], /missing required argument 'letter'/],
    ['an age without a unit', ['dead', 'list', '--older-than', '5'], /Give a number and a unit/],
    ['a rate of nothing', ['dead', 'redrive', '--rate', '0'], /Give a whole number above 0/],
    ['no service', ['dead', 'list', '-b', 'a:9092'], /say whose letters: --service/],
    ['no brokers', ['dead', 'list', '-s', 'mailer'], /say where Kafka is: --brokers/],
    ['an impossible broker', ['dead', 'list', '-s', 'mailer', '-b', 'a:b:c'], /a:b:c/],
  ])('given %s exits 2, says why, and writes no result', async (_, args, why) => {
    const { exitCode, stdout, stderr } = await parley(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(why);
  });

  it('exits 1 where Kafka does not answer', async () => {
    const answer = await parley(['dead', 'list', '-s', 'mailer', '--json'], { KAFKA_BROKERS: '127.0.0.1:1' });
    expect(answer).toMatchObject({ exitCode: 1, stdout: '' });
    expect(answer.stderr).toContain('parley: UNAVAILABLE: ');
  });
});
