import { describe, expect, it } from 'vitest';
import { options } from './options.js';
import { ownKafkaOnly, plan } from './plan.js';

const parse = (...args: string[]) => options(['node', 'bench', ...args]);

describe('options', () => {
  it('writes docs/bench only where everything runs for long enough, unless told otherwise', () => {
    expect(parse().docs).toBe(true);
    expect(parse('--seconds', '10', '--rounds', '3').docs).toBe(true);
    expect(parse('--seconds', '1').docs).toBe(false);
    expect(parse('--systems', 'parley').docs).toBe(false);
    expect(parse('--scenarios', 'unary').docs).toBe(false);
    expect(parse('--prof', 'profiles').docs).toBe(false);
    expect(parse('--no-docs').docs).toBe(false);
    expect(parse('--systems', 'parley', '--docs').docs).toBe(true);
  });

  it('leaves out systems that run only when named', () => {
    expect(parse().systems).not.toContain('nest-kafka-tuned');
    expect(parse('--systems', 'nest-kafka-tuned,parley').systems).toEqual(['parley', 'nest-kafka-tuned']);
  });
});

describe('plan', () => {
  it('runs the systems in turn within each scenario, and only where they have what it needs', () => {
    const steps = plan(parse('--scenarios', 'unary,stream', '--systems', 'parley,nest-http,nest-grpc'));
    expect(steps.map(step => `${step.scenario} ${step.system}`)).toEqual([
      'unary parley',
      'unary nest-http',
      'unary nest-grpc',
      'stream parley',
      'stream nest-grpc',
    ]);
    expect(steps[0]?.concurrency).toEqual([1, 64, 256]);
  });

  it('repeats all of it for each round, with the callers asked for', () => {
    const steps = plan(
      parse('--scenarios', 'unary', '--systems', 'parley', '--rounds', '2', '--concurrency', '8,9'),
    );
    expect(steps).toHaveLength(2);
    expect(steps[1]?.concurrency).toEqual([8, 9]);
    expect(plan(parse('--scenarios', 'stream', '--concurrency', '8'))[0]?.concurrency).toEqual([1]);
  });

  it('runs variants only in the scenarios that tell them apart', () => {
    const steps = plan(parse('--scenarios', 'unary,slow-handler', '--systems', 'parley,telemetry-on'));
    expect(steps.map(step => `${step.scenario} ${step.system}`)).toEqual([
      'unary parley',
      'unary telemetry-on',
      'slow-handler parley',
    ]);
  });

  it('runs fleets only of systems whose servers share the calls', () => {
    const systems = plan(parse('--scenarios', 'elastic')).map(step => step.system);
    expect(systems).toEqual(['parley', 'parley-platformatic', 'nest-kafka']);
  });

  it('tells how large a Kafka each step takes, and which steps kill its brokers', () => {
    const steps = plan(parse('--scenarios', 'unary,recovery-broker', '--systems', 'parley,nest-tcp'));
    expect(steps.map(step => [step.scenario, step.system, step.clusterSize, ownKafkaOnly(step)])).toEqual([
      ['unary', 'parley', 1, false],
      ['unary', 'nest-tcp', 0, false],
      ['recovery-broker', 'parley', 3, true],
    ]);
  });
});
