import postgres from 'postgres';

/** Where docker-compose.yml and `npm run infra` serve a database. */
export const DEFAULT_DATABASE_URL = 'postgres://postgres:postgres@127.0.0.1:5432/postgres';

const MAX_CONNECTIONS = 5;
const CONNECT_TIMEOUT_S = 10;
/** The database gives a statement up after this long, so that no handler waits for ever. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** Opens a pool; it connects with its first query. Errors of a later query leave the pool usable. */
export function connect(url: string): postgres.Sql {
  return postgres(url, {
    max: MAX_CONNECTIONS,
    connect_timeout: CONNECT_TIMEOUT_S,
    connection: { statement_timeout: STATEMENT_TIMEOUT_MS },
    onnotice: () => undefined,
  });
}
