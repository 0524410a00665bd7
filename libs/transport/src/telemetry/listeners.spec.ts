import { createNoopMeter, metrics, trace, type MeterProvider, type Tracer } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { activeInstruments } from './instruments.js';
import { activeMeter } from './meter.js';
import { isObserved } from './observed.js';
import { activeTracer } from './tracing.js';

describe('who listens', () => {
  afterEach(() => {
    trace.disable();
    metrics.disable();
  });

  it('is nobody without an SDK', () => {
    expect([activeTracer(), activeMeter(), activeInstruments()]).toEqual([undefined, undefined, undefined]);
    expect(isObserved()).toBe(false);
  });

  it('is a tracer that is registered at any time, until it is not', () => {
    const tracer = {} as Tracer;
    const getTracer = vi.fn(() => tracer);
    expect(activeTracer()).toBeUndefined();
    trace.setGlobalTracerProvider({ getTracer });
    expect([activeTracer(), activeTracer(), isObserved()]).toEqual([tracer, tracer, true]);
    expect(getTracer).toHaveBeenCalledOnce();
    trace.disable();
    expect(activeTracer()).toBeUndefined();
  });

  it('is a meter that is registered at any time, until it is not', () => {
    // Of the API's own meter only the identity tells that it does nothing.
    const meter = Object.create(createNoopMeter()) as ReturnType<MeterProvider['getMeter']>;
    expect(activeMeter()).toBeUndefined();
    metrics.setGlobalMeterProvider({ getMeter: () => meter });
    expect([activeMeter(), isObserved()]).toEqual([meter, true]);
    expect(activeInstruments()).toBe(activeInstruments());
    metrics.disable();
    expect([activeMeter(), activeInstruments()]).toEqual([undefined, undefined]);
  });
});
