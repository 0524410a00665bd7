import 'reflect-metadata';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import { describe, expect, it } from 'vitest';
import { Handling, handlerName, handlingOf } from './handling.js';

function extrasOf(handling: object): Record<string, unknown> {
  class Orders {
    created(): undefined {
      return undefined;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, 'created')!;
  Handling(handling)(Orders.prototype, 'created', descriptor);
  return Reflect.getMetadata(PATTERN_EXTRAS_METADATA, descriptor.value as object) as Record<string, unknown>;
}

describe('@Handling', () => {
  it('is handed on with the handler’s name', () => {
    const extras = extrasOf({ idempotent: true, retry: { delaysMs: [1000] } });
    expect(handlingOf('order.created', extras)).toEqual({ idempotent: true, retry: { delaysMs: [1000] } });
    expect(handlerName(extras)).toBe('Orders.created');
  });

  it('says nothing where it is absent', () => {
    expect(handlingOf('order.created', undefined)).toEqual({});
    expect(handlerName(undefined)).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ retry: { attempts: 0 } }, 'retry: attempts: Too small'],
    [{ retry: { when: 'always' } }, 'retry: when: needs to be a function'],
    [{ retry: { delaysMs: [0.5] } }, 'retry: delaysMs: 0: Invalid input: expected int'],
    [{ retires: {} }, 'Unrecognized key: "retires"'],
    [{ concurrency: 0 }, 'concurrency: Too small'],
    [{ broadcast: true, retry: { delaysMs: [1000] } }, 'retry topics are shared by all instances'],
  ])('%j is refused: %s', (handling, message) => {
    expect(() => handlingOf('order.created', extrasOf(handling))).toThrow(message);
    expect(() => handlingOf('order.created', extrasOf(handling))).toThrow('"order.created"');
  });

  it('lets a broadcast event wait in place', () => {
    const handling = { broadcast: true, retry: { delaysMs: [1000], keepOrder: true } };
    expect(handlingOf('order.created', extrasOf(handling))).toEqual(handling);
  });
});
