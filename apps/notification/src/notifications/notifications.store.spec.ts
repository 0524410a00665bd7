import type { Notification } from '@parley-apps/contracts';
import { describe, expect, it } from 'vitest';
import { MAX_PER_USER, MAX_USERS, NotificationsStore } from './notifications.store.js';

function notification(id: string, userId = 'ada'): Notification {
  return { id, userId, kind: 'session', text: id, at: '2026-01-01T00:00:00.000Z' };
}

const ids = (notifications: Notification[]): string[] => notifications.map(({ id }) => id);

describe('NotificationsStore', () => {
  it('tells a follower what it missed, then what comes, and nothing of others', () => {
    const store = new NotificationsStore();
    ['1', '2', '3'].forEach(id => store.add(notification(id)));
    const heard: Notification[] = [];
    const subscription = store.follow('ada', '1').subscribe(item => heard.push(item));
    store.add(notification('4'));
    store.add(notification('5', 'eve'));
    expect(ids(heard)).toEqual(['2', '3', '4']);
    subscription.unsubscribe();
    store.add(notification('6'));
    expect(ids(heard)).toEqual(['2', '3', '4']);
  });

  it('replays all that is kept to who names a notification it does not know', () => {
    const store = new NotificationsStore();
    store.add(notification('1'));
    const heard: Notification[] = [];
    store
      .follow('ada', 'of an earlier life')
      .subscribe(item => heard.push(item))
      .unsubscribe();
    expect(ids(heard)).toEqual(['1']);
  });

  it('takes a repeated event for the one it is', () => {
    const store = new NotificationsStore();
    store.add(notification('1'));
    store.add(notification('1'));
    expect(store.list('ada')).toHaveLength(1);
  });

  it('keeps the newest of each user, and the users who heard something last', () => {
    const store = new NotificationsStore();
    for (let n = 0; n <= MAX_PER_USER; n++) store.add(notification(String(n)));
    expect(store.list('ada')).toHaveLength(MAX_PER_USER);
    expect(store.list('ada')[0]?.id).toBe(String(MAX_PER_USER));
    for (let n = 0; n < MAX_USERS - 1; n++) store.add(notification('1', `user ${n}`));
    store.add(notification('again'));
    store.add(notification('1', 'one more'));
    expect(store.list('user 0')).toEqual([]);
    expect(ids(store.list('ada'))).toContain('again');
  });
});
