import type { Clock } from '../clock.js';
import type { Cluster } from '../cluster.js';
import { type Decoded, type Encodable, type Fields, struct } from '../protocol/schema.js';
import type { Reader } from '../protocol/reader.js';
import type { Writer } from '../protocol/writer.js';

/** A partition that a request names; without an index, the topic as a whole. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition?: number;
}

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
  /** The error injected for one partition of this request, NONE where there is none. */
  readonly injected: (topic: string, partition: number) => number;
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
  /** The topics and partitions that a request names, for APIs about any: what faults can be aimed at. */
  names?(request: Decoded<Req>): TopicPartition[];
  /** True where the handler asks `injected` for each partition, and so an error may befall some of them. */
  readonly answersByPartition?: boolean;
  handle(
    request: Decoded<Req>,
    context: RequestContext,
  ): Answer<Encodable<Res>> | Promise<Answer<Encodable<Res>>>;
  /** The response that says `code` wherever it has room to. */
  refuse(request: Decoded<Req>, code: number): Encodable<Res>;
}

/** Writes a response's body, or says that there is none to write. */
export type Reply = ((writer: Writer) => void) | typeof NO_RESPONSE;

/** One decoded request, ready to be handled; what its types are is its own API's affair. */
export interface Call {
  readonly body: Readonly<Record<string, unknown>>;
  readonly partitions: readonly TopicPartition[];
  handle(context: RequestContext): Reply | Promise<Reply>;
  refuse(code: number): Reply;
}

/** One API as a connection sees it. */
export interface Api {
  readonly key: number;
  readonly name: string;
  readonly versions: readonly [min: number, max: number];
  readonly flexibleSince: number;
  readonly namesTopics: boolean;
  readonly answersByPartition: boolean;
  /** @throws MalformedRequest */
  read(reader: Reader, version: number): Call;
}

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
): Api & ApiDefinition<Req, Res> {
  const { request, response, flexibleSince, answersByPartition = false } = definition;
  const requestCodec = perVersion(version => struct(request, version, version >= flexibleSince));
  const responseCodec = perVersion(version => struct(response, version, version >= flexibleSince));
  return {
    ...definition,
    answersByPartition,
    namesTopics: definition.names !== undefined,
    read(reader, version) {
      const body = requestCodec(version).read(reader);
      const reply = (answer: Answer<Encodable<Res>>): Reply => {
        if (answer === NO_RESPONSE) return NO_RESPONSE;
        const value = typeof answer === 'number' ? definition.refuse(body, answer) : answer;
        return writer => responseCodec(version).write(writer, value);
      };
      return {
        body,
        get partitions() {
          return definition.names?.(body) ?? [];
        },
        handle(context) {
          const answer = definition.handle(body, context);
          return answer instanceof Promise ? answer.then(reply) : reply(answer);
        },
        refuse: reply,
      };
    },
  };
}
