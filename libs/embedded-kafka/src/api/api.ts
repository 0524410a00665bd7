import type { Clock } from '../clock.js';
import type { Cluster } from '../cluster.js';
import { type Decoded, type Encodable, type Fields, struct } from '../protocol/schema.js';
import type { Codec } from '../protocol/schema.js';

/** Where a request came from and what its handler may use. */
export interface RequestContext {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** The broker that the request came to. */
  readonly nodeId: number;
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Aborted when the connection is gone: whoever holds a request back lets it go then. */
  readonly signal: AbortSignal;
}

/** Returned by a handler whose request wants no answer. */
export const NO_RESPONSE: unique symbol = Symbol('no response');

/**
 * What a handler gives: the response, NO_RESPONSE, or a bare error code to refuse the whole request with, see
 * `refuse`.
 */
export type Answer<Response> = Response | number | typeof NO_RESPONSE;

export interface ApiDefinition<Req extends Fields, Res extends Fields> {
  readonly key: number;
  readonly name: string;
  /** The versions served, first and last. */
  readonly versions: readonly [min: number, max: number];
  /** The first version with compact lengths and tagged fields. */
  readonly flexibleSince: number;
  readonly request: Req;
  readonly response: Res;
  handle(
    request: Decoded<Req>,
    context: RequestContext,
  ): Answer<Encodable<Res>> | Promise<Answer<Encodable<Res>>>;
  /** The response that says `code` wherever it has room to. */
  refuse(request: Decoded<Req>, code: number): Encodable<Res>;
}

/** One API as a connection sees it: its messages' types are its own affair. */
export interface Api {
  readonly key: number;
  readonly name: string;
  readonly versions: readonly [min: number, max: number];
  readonly flexibleSince: number;
  requestCodec(version: number): Codec<Body, never>;
  responseCodec(version: number): Codec<unknown, Body>;
  handle(request: Body, context: RequestContext): Answer<Body> | Promise<Answer<Body>>;
  refuse(request: Body, code: number): Body;
}

/** A decoded message whose type only its own API knows. */
export type Body = Readonly<Record<string, unknown>>;

function perVersion<T>(make: (version: number) => T): (version: number) => T {
  const made = new Map<number, T>();
  return version => {
    let value = made.get(version);
    if (value === undefined) made.set(version, (value = make(version)));
    return value;
  };
}

/** Ties one API's two layouts and its handler together, and hides their types behind `Api`. */
export function defineApi<Req extends Fields, Res extends Fields>(
  definition: ApiDefinition<Req, Res>,
): Api & { readonly definition: ApiDefinition<Req, Res> } {
  const { key, name, versions, flexibleSince, request, response } = definition;
  const codecs = (fields: Fields) =>
    perVersion(version => struct(fields, version, version >= flexibleSince) as Codec<Body, Body>);
  return {
    definition,
    key,
    name,
    versions,
    flexibleSince,
    requestCodec: codecs(request),
    responseCodec: codecs(response),
    handle: (body, context) => definition.handle(body as Decoded<Req>, context) as ReturnType<Api['handle']>,
    refuse: (body, code) => definition.refuse(body as Decoded<Req>, code) as Body,
  };
}
