export { connect, DEFAULT_DATABASE_URL } from './connection.js';
export { migrate, type Migrations } from './migrate.js';
export {
  DATABASE,
  type Database,
  InjectDatabase,
  PostgresModule,
  type PostgresOptions,
} from './postgres.module.js';
