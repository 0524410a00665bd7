import { propagation, SpanKind, trace, type TextMapPropagator } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedRecord } from '../drivers/driver.js';
import { tellReceived } from './received.js';
import { FakeSdk } from './spec/fake-sdk.js';

/** The header `of` is the id of the span that sent a record. */
const propagator: TextMapPropagator = {
  fields: () => ['of'],
  inject: () => undefined,
  extract: (context, carrier, getter) => {
    const spanId = getter.get(carrier, 'of');
    if (typeof spanId !== 'string') return context;
    return trace.setSpanContext(context, { traceId: 't', spanId, traceFlags: 1 });
  },
};

function batch(count: number) {
  const records = Array.from({ length: count }, (_, offset): ReceivedRecord => {
    const headers: Record<string, Buffer> = offset % 2 === 0 ? { of: Buffer.from(`s${offset}`) } : {};
    return { topic: 'a', partition: 3, offset, timestamp: 0, key: null, value: null, headers };
  });
  return { topic: 'a', partition: 3, epoch: 0, records, highWatermark: count };
}

describe('records that are taken in', () => {
  let sdk: FakeSdk;
  beforeEach(() => {
    sdk = new FakeSdk().start();
    propagation.setGlobalPropagator(propagator);
  });
  afterEach(() => {
    sdk.stop();
    propagation.disable();
  });

  it('are one span, linked to what sent them, and counted', () => {
    tellReceived('a.group', batch(4));
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'receive',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': 'a',
      'messaging.consumer.group.name': 'a.group',
    };
    expect(sdk.of('messaging.client.consumed.messages')).toEqual([{ value: 4, attributes }]);
    expect(sdk.spans).toMatchObject([{ name: 'receive a', kind: SpanKind.CLIENT, ended: 1 }]);
    expect(sdk.spans[0]!.attributes).toEqual({
      ...attributes,
      'messaging.destination.partition.id': '3',
      'messaging.batch.message_count': 4,
    });
    expect(sdk.spans[0]!.links?.map(({ context }) => context.spanId)).toEqual(['s0', 's2']);
  });

  it('have no more links than SDKs keep', () => {
    tellReceived('a.group', batch(1000));
    expect(sdk.spans[0]!.links).toHaveLength(128);
  });
});
