import { createNoopMeter, metrics, type Meter, type MeterProvider } from '@opentelemetry/api';
import { SCOPE_NAME } from './tracing.js';

let known: MeterProvider | undefined;
let meter: Meter | undefined;
const listeners = new Set<(meter: Meter | undefined) => void>();

/** The meter of the SDK that is registered now; undefined without one. As cheap as `activeTracer`. */
export function activeMeter(): Meter | undefined {
  const provider = metrics.getMeterProvider();
  if (provider === known) return meter;
  known = provider;
  const given = provider.getMeter(SCOPE_NAME);
  meter = given === createNoopMeter() ? undefined : given;
  for (const listener of listeners) listener(meter);
  return meter;
}

/** Tells when another SDK has been registered, or none is any more; noticed at the next look at the meter. */
export function onMeter(listener: (meter: Meter | undefined) => void): void {
  listeners.add(listener);
}
