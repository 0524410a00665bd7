import { Module } from '@nestjs/common';
import { PostgresModule } from '@parley-apps/postgres';
import { MetricsModule } from '@parley-apps/telemetry';
import { ParleyHealthModule } from '@parley/health';
import { ParleyModule } from '@parley/transport';
import { migrations } from './database.js';
import { ProfilesController } from './profiles/profiles.controller.js';
import { ProfilesService } from './profiles/profiles.service.js';

@Module({
  imports: [
    ParleyModule.forRoot({
      service: 'user',
      kafka: { brokers: process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092' },
    }),
    ParleyModule.forClients(['auth', 'user']),
    PostgresModule.forRoot({ migrations }),
    ParleyHealthModule,
    MetricsModule.forRoot('user'),
  ],
  controllers: [ProfilesController],
  providers: [ProfilesService],
})
export class UserModule {}
