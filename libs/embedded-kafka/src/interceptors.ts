import type { TopicPartition } from './api/api.js';
import type { Fault } from './faults.js';

/** A request as an interceptor sees it. */
export interface InterceptedRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly clientId: string;
  /** The broker that the request came to. */
  readonly nodeId: number;
  /** The decoded request, with Kafka's own field names in camel case; see the file of its API in src/api. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The topics and partitions it names, where it names any. */
  readonly partitions: readonly TopicPartition[];
}

/**
 * Looks at one request and says what becomes of it; `undefined` lets it pass. While a promise is pending, the
 * request and later ones on its connection wait.
 */
export type Interceptor = (request: InterceptedRequest) => Fault | undefined | Promise<Fault | undefined>;

/** The interceptors of a cluster, by API key. */
export class Interceptors {
  private readonly byKey = new Map<number, Set<Interceptor>>();

  add(apiKey: number, interceptor: Interceptor): () => void {
    const own: Interceptor = request => interceptor(request);
    const set = this.byKey.get(apiKey) ?? new Set();
    this.byKey.set(apiKey, set.add(own));
    return () => set.delete(own);
  }

  has(apiKey: number): boolean {
    return (this.byKey.get(apiKey)?.size ?? 0) > 0;
  }

  /** The first fault that an interceptor gives, asked in the order in which they were added. */
  async decide(request: InterceptedRequest): Promise<Fault | undefined> {
    for (const interceptor of this.byKey.get(request.apiKey) ?? []) {
      const given = await interceptor(request);
      if (given) return given;
    }
    return undefined;
  }
}
