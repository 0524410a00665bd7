import { EmbeddedKafka } from '@parley/embedded-kafka';
import { EmbeddedPostgres } from './postgres/embedded-postgres.js';

export interface InfraOptions {
  /** An address to use in place of starting a broker. Default: KAFKA_BROKERS. */
  kafkaBrokers?: string;
  /** An address to use in place of starting a database. Default: DATABASE_URL. */
  databaseUrl?: string;
  /** Ports of what is started, on 127.0.0.1; 0, the default, takes a free one. */
  ports?: { kafka?: number; postgres?: number };
  /** Hears of connections that were cut for what they sent. Default: nobody does. */
  log?: (message: string) => void;
}

/** What the sample services need to run. */
export interface Infra {
  /** `host:port`, several by comma. */
  kafkaBrokers: string;
  databaseUrl: string;
  /** Stops what was started here, and nothing else. */
  close(): Promise<void>;
}

/**
 * A Kafka broker and a database for the services: those that the environment names, or embedded ones, in this
 * process and in memory. The database is the slower to start (some 3 s) and holds up this process meanwhile.
 */
export async function startInfra(options: InfraOptions = {}): Promise<Infra> {
  const { ports = {}, log = () => undefined } = options;
  const started: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.splice(0).map(service => service.close()));
  };
  try {
    let databaseUrl = options.databaseUrl ?? process.env['DATABASE_URL'];
    if (!databaseUrl) {
      const postgres = await EmbeddedPostgres.start({
        port: ports.postgres,
        onError: error => log(`Postgres: connection closed: ${error.message}`),
      });
      started.push(postgres);
      databaseUrl = postgres.url;
    }
    let kafkaBrokers = options.kafkaBrokers ?? process.env['KAFKA_BROKERS'];
    if (!kafkaBrokers) {
      const kafka = await EmbeddedKafka.start({
        port: ports.kafka,
        log: message => log(`Kafka: ${message}`),
      });
      started.push(kafka);
      kafkaBrokers = kafka.bootstrap;
    }
    return { kafkaBrokers, databaseUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}
