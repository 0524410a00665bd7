import { Controller, Get, Headers, type MessageEvent, Sse, UseGuards } from '@nestjs/common';
import type { FollowNotifications, Identity, ListNotifications, Notification } from '@parley-apps/contracts';
import { InjectParley, ParleyClient } from '@parley/transport';
import type { Observable } from 'rxjs';
import { BearerGuard, WhoAsks } from '../sessions/bearer.guard.js';
import { eventStream } from './event-stream.js';

@Controller('notifications')
@UseGuards(BearerGuard)
export class NotificationsController {
  constructor(@InjectParley('notification') private readonly notifications: ParleyClient) {}

  @Get()
  list(@WhoAsks() { userId }: Identity): Observable<Notification[]> {
    const request: ListNotifications = { userId };
    return this.notifications.send<Notification[]>('notifications.list', request);
  }

  @Sse('live')
  live(
    @WhoAsks() { userId, expiresAt }: Identity,
    @Headers('last-event-id') after?: string,
  ): Observable<MessageEvent> {
    const request: FollowNotifications = { userId, after };
    const live = this.notifications.send<Notification>('notifications.live', request);
    return eventStream(live, Date.parse(expiresAt));
  }
}
