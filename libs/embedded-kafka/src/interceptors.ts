/** A request as an interceptor sees it. */
export interface InterceptedRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly clientId: string;
  /** The broker that the request came to. */
  readonly nodeId: number;
  /** The decoded request, with Kafka's own field names in camel case; see the file of its API in src/api. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What becomes of an intercepted request; made with `fault`. */
export type Fault =
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'error'; readonly code: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'dropResponse' }
  | { readonly kind: 'close' }
  | { readonly kind: 'closeAfter' };

export const fault = {
  /** Handles the request after `ms` milliseconds; later ones on the same connection wait, as on a slow broker. */
  delay: (ms: number): Fault => ({ kind: 'delay', ms }),
  /** Answers with this error code, wherever the response has room for one; nothing is done. */
  error: (code: number): Fault => ({ kind: 'error', code }),
  /** Neither handles nor answers the request. */
  drop: { kind: 'drop' } as Fault,
  /** Handles the request, and never answers it. */
  dropResponse: { kind: 'dropResponse' } as Fault,
  /** Closes the connection; nothing is done. */
  close: { kind: 'close' } as Fault,
  /** Handles the request, then closes the connection instead of answering. */
  closeAfter: { kind: 'closeAfter' } as Fault,
} as const;

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
