import { Dispatcher, getGlobalDispatcher } from 'undici';
import { DispatchedRequest } from './dispatched-request.js';
import { modernHandler } from './legacy-handler.js';
import type { ServiceClients } from './service-clients.js';
import { serviceOf } from './service-host.js';

export interface ParleyDispatcherOptions {
  /** Hosts that end in it are services: `http://user.parley/users/1` is `/users/1` of service `user`. Default `.parley`. */
  suffix?: string;
  /** Who sends requests to other hosts. Default: undici's global dispatcher as of now. */
  next?: Dispatcher;
  /** How long the head of an answer may take, in ms; then the answer is 504. Default: the client's `timeoutMs`. */
  timeoutMs?: number;
  /** What a request's body may weigh, in bytes; a larger one is answered 413. Default: what the service takes. */
  maxBodyBytes?: number;
}

/**
 * Sends requests to `http://<service>.parley` over Kafka and leaves other hosts to `next`. For `fetch` as its
 * `dispatcher`, for all of a process by `setGlobalDispatcher`, or on its own: `dispatcher.request({ origin, path, method })`.
 *
 * What keeps a request from an answer is answered as by a gateway: 504, 503, 502, with a `proxy-status` header.
 */
export class ParleyDispatcher extends Dispatcher {
  private readonly next: Dispatcher;

  constructor(
    private readonly clients: ServiceClients,
    private readonly options: ParleyDispatcherOptions = {},
  ) {
    super();
    this.next = options.next ?? getGlobalDispatcher();
  }

  override dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { suffix, timeoutMs, maxBodyBytes = Infinity } = this.options;
    const host = hostOf(request.origin);
    const service = serviceOf(host, suffix);
    if (service === undefined) return this.next.dispatch(request, handler);
    const client = this.clients.to(service);
    const options = { client, host, timeoutMs, maxBodyBytes };
    void new DispatchedRequest(request, modernHandler(handler), options).run();
    return true;
  }

  /** The clients are their owner's to close, and `next` is its owner's. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    if (!callback) return Promise.resolve();
    queueMicrotask(callback);
  }

  override destroy(): Promise<void> {
    return Promise.resolve();
  }
}

function hostOf(origin: string | URL = ''): string {
  if (typeof origin !== 'string') return origin.hostname;
  const [, host = ''] = /^https?:\/\/([^/:?#]+)/i.exec(origin) ?? [];
  return host.toLowerCase();
}
