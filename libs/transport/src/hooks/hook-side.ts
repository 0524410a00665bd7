import type { HookedReply, IncomingMessage, OutgoingMessage, ParleyHook } from './parley-hook.js';

/** Which of a hook's methods are a client's, and which a server's. */
export interface HookSide<M> {
  readonly before: 'beforeSend' | 'beforeHandle';
  readonly after: 'afterReply' | 'afterHandle';
  runBefore(hook: ParleyHook, message: M): void | Promise<void>;
  runAfter(hook: ParleyHook, message: M, reply: HookedReply): void | Promise<void>;
}

export const CLIENT_SIDE: HookSide<OutgoingMessage> = {
  before: 'beforeSend',
  after: 'afterReply',
  runBefore: (hook, message) => hook.beforeSend?.(message),
  runAfter: (hook, message, reply) => hook.afterReply?.(message, reply),
};

export const SERVER_SIDE: HookSide<IncomingMessage> = {
  before: 'beforeHandle',
  after: 'afterHandle',
  runBefore: (hook, message) => hook.beforeHandle?.(message),
  runAfter: (hook, message, reply) => hook.afterHandle?.(message, reply),
};
