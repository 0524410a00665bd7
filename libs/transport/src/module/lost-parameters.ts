import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { METHOD_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { PATTERN_METADATA, TRANSPORT_METADATA } from '@nestjs/microservices/constants.js';
import { PARLEY } from '../server/parley-server.js';

/** Nest's numbers for decorators of HTTP parameters; for messages the same numbers mean something else, or nothing. */
const HTTP_PARAMETERS: Readonly<Record<number, string>> = {
  0: '@Req',
  1: '@Res',
  2: '@Next',
  4: '@Query',
  5: '@Param',
  6: '@Headers',
  7: '@Session',
  8: '@UploadedFile',
  9: '@UploadedFiles',
  10: '@HostParam',
  11: '@Ip',
  12: '@RawBody',
};
/** `@Headers` to HTTP and `@Ctx` to messages: only what is taken out of it tells which was meant. */
const HEADERS_OR_CONTEXT = 6;

interface Argument {
  index: number;
  data?: unknown;
}

/**
 * Parameters of a controller's message handlers that are taken from a request of HTTP: over Kafka they would arrive
 * empty, or as something else. One sentence for each, for the log.
 */
export function lostParameters(controller: Type): string[] {
  const prototype = controller.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype).flatMap(name => {
    const method = Object.getOwnPropertyDescriptor(prototype, name)?.value as unknown;
    if (name === 'constructor' || typeof method !== 'function' || !isParleysHandler(method)) return [];
    const alsoHttp = Reflect.hasMetadata(METHOD_METADATA, method);
    const taken = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
      string,
      Argument
    >;
    return Object.entries(taken).flatMap(([key, { index, data }]) => {
      const kind = /^\d+:/.test(key) ? Number.parseInt(key, 10) : -1;
      const decorator = HTTP_PARAMETERS[kind];
      if (!decorator || (kind === HEADERS_OR_CONTEXT && data === undefined && !alsoHttp)) return [];
      return `${controller.name}.${name} takes ${decorator} as its parameter ${index}, which a message does not have: take it from @Payload`;
    });
  });
}

function isParleysHandler(method: object): boolean {
  if (!Reflect.hasMetadata(PATTERN_METADATA, method)) return false;
  const transport: unknown = Reflect.getMetadata(TRANSPORT_METADATA, method);
  return transport === undefined || transport === PARLEY;
}
