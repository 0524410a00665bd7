import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { drizzle } from 'drizzle-orm/postgres-js';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { connect, DEFAULT_DATABASE_URL } from './connection.js';
import { migrate } from './migrate.js';
import type { Migrations } from './migrate.js';

export type Database = PostgresJsDatabase;

export interface PostgresOptions {
  /** Defaults to DATABASE_URL, then to DEFAULT_DATABASE_URL. */
  url?: string;
  migrations: Migrations;
}

const CONNECTION = Symbol('postgres connection');
/** What `useFactory` providers name to get the database; classes use `@InjectDatabase()`. */
export const DATABASE = Symbol('database');
/** How long queries under way may take to finish when the app stops. */
const END_TIMEOUT_S = 5;

export const InjectDatabase = (): ParameterDecorator => Inject(DATABASE);

/** Gives the app a migrated database: nothing that injects it is made before the migrations are through. */
@Module({})
export class PostgresModule implements OnApplicationShutdown {
  constructor(@Inject(CONNECTION) private readonly connection: Sql) {}

  static forRoot({ url, migrations }: PostgresOptions): DynamicModule {
    return {
      module: PostgresModule,
      global: true,
      providers: [
        { provide: CONNECTION, useFactory: () => open(url ?? process.env['DATABASE_URL'], migrations) },
        { provide: DATABASE, inject: [CONNECTION], useFactory: (sql: Sql): Database => drizzle(sql) },
      ],
      exports: [DATABASE],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.end({ timeout: END_TIMEOUT_S });
  }
}

async function open(url = DEFAULT_DATABASE_URL, migrations: Migrations): Promise<Sql> {
  const sql = connect(url);
  try {
    await migrate(sql, migrations);
    return sql;
  } catch (cause) {
    await sql.end({ timeout: 0 });
    const { host, pathname } = new URL(url);
    throw new Error(
      `The database at ${host}${pathname} could not be prepared. Is it running? "npm run infra" starts one; DATABASE_URL names another.`,
      { cause },
    );
  }
}
