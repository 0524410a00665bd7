import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KAFKA_VERSION, MissingToolError } from '@parley/tools/kafka';
import { Clusters } from './clusters.js';
import { options } from './options.js';
import { type Step, ownKafkaOnly, plan } from './plan.js';
import { measure } from './processes/measure.js';
import { Progress } from './progress.js';
import { environment } from './report/environment.js';
import { medianRows } from './report/median.js';
import { ratiosOf, type Report, type Row } from './report/report.js';
import { rowLine, summary } from './report/summary.js';
import { writeDocs } from './report/write-docs.js';

const chosen = options(process.argv);
try {
  const report = await bench();
  console.log(`\n${summary(report)}`);
  if (chosen.json) {
    await mkdir(dirname(chosen.json), { recursive: true });
    await writeFile(chosen.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (chosen.docs) console.log(`Written: ${await writeDocs(report)}`);
  process.exitCode = report.rows.some(row => row.error !== undefined) ? 1 : 0;
} catch (error) {
  console.error(error instanceof MissingToolError ? error.message : error);
  process.exitCode = 1;
}

async function bench(): Promise<Report> {
  const given = process.env['KAFKA_BROKERS'];
  const all = plan(chosen);
  const steps = given ? all.filter(step => !ownKafkaOnly(step)) : all;
  if (steps.length < all.length)
    console.error('Scenarios that kill brokers are left out: unset KAFKA_BROKERS to run them.');
  const clusters = new Clusters(given, line => console.error(line));
  try {
    const rows = medianRows(await measureAll(steps, clusters));
    const kafka = given ? `the Kafka at ${given}` : `Apache Kafka ${KAFKA_VERSION} with one broker`;
    return { environment: environment(kafka, chosen.seconds), rows, ratios: ratiosOf(rows) };
  } finally {
    await clusters.close();
  }
}

async function measureAll(steps: readonly Step[], clusters: Clusters): Promise<Row[]> {
  const progress = new Progress(steps.reduce((sum, step) => sum + step.concurrency.length, 0));
  const rows: Row[] = [];
  try {
    for (const { system, scenario, concurrency, clusterSize } of steps) {
      progress.at(`${scenario} · ${system}`);
      const cluster = await clusters.ofSize(clusterSize);
      const measurement = { system, scenario, concurrency, cluster, countedMs: chosen.seconds * 1_000 };
      for await (const outcome of measure({ ...measurement, profiles: chosen.prof })) {
        const row: Row = {
          system,
          scenario,
          concurrency: outcome.concurrency,
          ...('figures' in outcome ? outcome.figures : { error: outcome.error }),
        };
        rows.push(row);
        progress.done(rowLine(row));
      }
    }
  } finally {
    progress.close();
  }
  return rows;
}
