export { EmbeddedPostgres, type EmbeddedPostgresOptions } from './postgres/embedded-postgres.js';
export { type Infra, type InfraOptions, startInfra } from './start-infra.js';
