import { Module } from '@nestjs/common';
import { MetricsModule } from '@parley-apps/telemetry';
import { ParleyHealthModule } from '@parley/health';
import { ParleyModule } from '@parley/transport';
import { NotificationsController } from './notifications/notifications.controller.js';
import { NotificationsStore } from './notifications/notifications.store.js';

@Module({
  imports: [
    ParleyModule.forRoot({
      service: 'notification',
      kafka: { brokers: process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092' },
    }),
    ParleyHealthModule,
    MetricsModule.forRoot('notification'),
  ],
  controllers: [NotificationsController],
  providers: [NotificationsStore],
})
export class NotificationModule {}
