import { Module } from '@nestjs/common';
import { MetricsModule } from '@parley-apps/telemetry';
import { ParleyHealthModule } from '@parley/health';
import { ParleyModule } from '@parley/transport';
import { NotificationsController } from './notifications/notifications.controller.js';
import { BearerGuard } from './sessions/bearer.guard.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { UsersController } from './users/users.controller.js';

@Module({
  imports: [
    ParleyModule.forRoot({
      service: 'gateway',
      kafka: { brokers: process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092' },
    }),
    ParleyModule.forClients(['auth', 'user', 'notification']),
    ParleyHealthModule,
    MetricsModule.forRoot('gateway'),
  ],
  controllers: [NotificationsController, SessionsController, UsersController],
  providers: [BearerGuard],
})
export class GatewayModule {}
