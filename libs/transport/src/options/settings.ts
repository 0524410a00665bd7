import type { ParleyHook } from '../hooks/parley-hook.js';
import type { NestKafkaSettings, NestTopics } from '../interop/nest-options.js';
import type { LinkOptions } from '../link/link-options.js';
import type { PolicySettings } from './policy-options.js';

export interface ClientSettings {
  link: LinkOptions;
  to: string;
  /** For a service that is called as Nest's built-in transport does. */
  nestKafka: NestTopics | undefined;
  timeoutMs: number;
  emitTimeoutMs: number;
  idleTimeoutMs?: number;
  window: number;
  waitForReady: boolean;
  policies: PolicySettings | undefined;
  hooks: readonly ParleyHook[];
}

export interface ServerSettings {
  link: LinkOptions;
  /** For a service that is one of Nest's built-in transport too. */
  nestKafka: NestKafkaSettings | undefined;
  concurrency: number;
  collectConcurrency: number;
  eventConcurrency: number;
  eventsFrom: 'earliest' | 'latest';
  maxStreams: number;
  maxCallsPerCaller: number | undefined;
  hooks: readonly ParleyHook[];
}
