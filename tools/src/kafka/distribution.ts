import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { checkBuildTools, checkJava, MIN_JAVA } from './java.js';

/** The Kafka that pom.xml pins. */
export const KAFKA_VERSION = '4.3.1';

/** Fetching 54 MB over a slow line. */
const FETCH_TIMEOUT_MS = 10 * 60_000;

/** The same path from src/kafka and from dist/kafka. */
const RESOURCES = fileURLToPath(new URL('../../kafka/', import.meta.url));

/** A Kafka on this machine's disk, ready to run. */
export interface Distribution {
  /** For `java -cp`: Kafka's jars and the KafkaNode class. */
  classpath: string;
  log4jFile: string;
}

/**
 * Finds Kafka in the user's cache, or fetches it there with Maven. The cache folder's name holds a hash of what
 * went into it; it appears by a rename once complete, so that any number of first runs may go on at once.
 * Throws a MissingToolError where Java or Maven are missing.
 */
export async function kafkaDistribution(
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<Distribution> {
  const folder = join(cacheRoot(), `kafka-${KAFKA_VERSION}-${await resourceHash()}`);
  if (existsSync(folder)) {
    await checkJava();
  } else {
    await checkBuildTools();
    log(`Fetching Apache Kafka ${KAFKA_VERSION} with Maven, once, into ${folder}`);
    await build(folder, signal);
  }
  return {
    classpath: [join(folder, 'classes'), join(folder, 'libs', '*')].join(delimiter),
    log4jFile: join(RESOURCES, 'log4j2.properties'),
  };
}

function cacheRoot(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'parley');
}

async function resourceHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['pom.xml', 'KafkaNode.java']) hash.update(await readFile(join(RESOURCES, file)));
  return hash.digest('hex').slice(0, 12);
}

async function build(folder: string, signal?: AbortSignal): Promise<void> {
  const run = (command: string, args: readonly string[]) => runToEnd(command, args, signal);
  await mkdir(cacheRoot(), { recursive: true });
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    const libs = join(draft, 'libs');
    await run('mvn', [
      '--batch-mode',
      '--quiet',
      '--strict-checksums',
      `--file=${join(RESOURCES, 'pom.xml')}`,
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${libs}`,
    ]);
    await run('javac', [
      '--release',
      String(MIN_JAVA),
      '-cp',
      join(libs, '*'),
      '-d',
      join(draft, 'classes'),
      join(RESOURCES, 'KafkaNode.java'),
    ]);
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // Otherwise another process was faster, with the same contents.
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function runToEnd(command: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  const result = await execa(command, args, {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: FETCH_TIMEOUT_MS,
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (result.failed)
    throw new Error(`\`${result.command}\` failed: ${result.all || result.shortMessage}`.slice(0, 4_000));
}
