import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  FollowNotifications,
  ListNotifications,
  type Notification,
  SessionOpened,
  UserCreated,
} from '@parley-apps/contracts';
import type { Observable } from 'rxjs';
import { NotificationsStore } from './notifications.store.js';

@Controller()
export class NotificationsController {
  constructor(private readonly notifications: NotificationsStore) {}

  @EventPattern('user.created')
  welcome(@Payload({ schema: UserCreated }) user: UserCreated): void {
    this.notifications.add({
      id: `welcome-${user.id}`,
      userId: user.id,
      kind: 'welcome',
      text: `Welcome, ${user.displayName}!`,
      at: user.createdAt,
    });
  }

  @EventPattern('session.opened')
  warn(@Payload({ schema: SessionOpened }) { sessionId, userId, at }: SessionOpened): void {
    this.notifications.add({
      id: `session-${sessionId}`,
      userId,
      kind: 'session',
      text: 'Somebody logged in to your account. If it was not you, change your password.',
      at,
    });
  }

  @MessagePattern('notifications.list')
  list(@Payload({ schema: ListNotifications }) { userId }: ListNotifications): Notification[] {
    return this.notifications.list(userId);
  }

  @MessagePattern('notifications.live')
  live(@Payload({ schema: FollowNotifications }) request: FollowNotifications): Observable<Notification> {
    return this.notifications.follow(request.userId, request.after);
  }
}
