import { Module } from '@nestjs/common';
import { DATABASE, type Database, PostgresModule } from '@parley-apps/postgres';
import { MetricsModule } from '@parley-apps/telemetry';
import { ParleyHealthModule } from '@parley/health';
import { ParleyModule } from '@parley/transport';
import { AccountsController } from './accounts/accounts.controller.js';
import { AccountsService } from './accounts/accounts.service.js';
import { Passwords } from './accounts/passwords.js';
import { migrations } from './database.js';
import { keyOfDatabase, keyOfSecret } from './tokens/signing-key.js';
import { Tokens } from './tokens/tokens.js';
import { TokensController } from './tokens/tokens.controller.js';

@Module({
  imports: [
    ParleyModule.forRoot({
      service: 'auth',
      kafka: { brokers: process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092' },
    }),
    ParleyModule.forClients(['auth']),
    PostgresModule.forRoot({ migrations }),
    ParleyHealthModule,
    MetricsModule.forRoot('auth'),
  ],
  controllers: [AccountsController, TokensController],
  providers: [
    AccountsService,
    Passwords,
    {
      provide: Tokens,
      inject: [DATABASE],
      useFactory: async (database: Database): Promise<Tokens> => {
        const secret = process.env['AUTH_SECRET'];
        return new Tokens(secret ? keyOfSecret(secret) : await keyOfDatabase(database));
      },
    },
  ],
})
export class AuthModule {}
