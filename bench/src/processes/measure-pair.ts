import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import getPort from 'get-port';
import { Child } from '@parley/tools/processes';
import type { Settings } from '../system.js';
import { type Measurement, messageOf, type Outcome } from './measurement.js';
import type { BenchQuestions, CallerQuestions, Run, ServerQuestions } from './questions.js';

/** How long a server may take to start. */
const START_MS = 60_000;

/** How long a scenario may take besides its counted time: its own limits are narrower. */
const RUN_MS = 60_000;

/**
 * Runs one scenario on one system, in two new processes: the server and the callers. Yields an outcome for each
 * number of callers; a failure is an outcome too, and fails those that would have followed.
 */
export async function* measurePair(measurement: Measurement): AsyncGenerator<Outcome> {
  const { system, scenario, concurrency, countedMs, cluster } = measurement;
  const profile = (role: string, count: number) =>
    measurement.profiles &&
    resolve(measurement.profiles, `${system}-${scenario}-${count}-${role}.cpuprofile`);
  const run = `bench-${system}-${scenario}-${randomBytes(4).toString('hex')}`;
  const settings: Settings = { brokers: cluster.brokers, port: await getPort(), run };

  const server = new Child<ServerQuestions>(new URL('./server-process.js', import.meta.url), {});
  const callers = new Child<CallerQuestions, BenchQuestions>(
    new URL('./caller-process.js', import.meta.url),
    {
      usage: () => server.ask('usage', undefined, RUN_MS),
      handled: () => server.ask('handled', undefined, RUN_MS),
    },
  );
  let failure: string | undefined;
  try {
    await server.ask('start', { system, settings }, START_MS);
  } catch (error) {
    failure = messageOf(error);
  }
  try {
    for (const count of concurrency) {
      if (failure === undefined) {
        const parameter: Run = {
          system,
          scenario,
          settings,
          concurrency: count,
          countedMs,
          profile: profile('callers', count),
        };
        try {
          if (measurement.profiles) await server.ask('profile', undefined, RUN_MS);
          const figures = await callers.ask('run', parameter, countedMs + RUN_MS);
          const file = profile('server', count);
          if (file) await server.ask('writeProfile', file, RUN_MS);
          yield { concurrency: count, figures };
          continue;
        } catch (error) {
          failure = [messageOf(error), server.output, callers.output].filter(Boolean).join(' | ');
        }
      }
      yield { concurrency: count, error: failure };
    }
  } finally {
    await Promise.all([callers.close(), server.close()]);
  }
}
