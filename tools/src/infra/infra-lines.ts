import type { Infra } from './start-infra.js';

/** What `npm run infra` prints: lines that a shell, or an .env file, takes as they are. */
export function infraLines({
  kafkaBrokers,
  databaseUrl,
}: Pick<Infra, 'kafkaBrokers' | 'databaseUrl'>): string[] {
  return [`KAFKA_BROKERS=${shellWord(kafkaBrokers)}`, `DATABASE_URL=${shellWord(databaseUrl)}`];
}

function shellWord(value: string): string {
  return /^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
