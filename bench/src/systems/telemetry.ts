import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { System } from '../system.js';
import { parley } from './parley.js';

/** How often figures are read, in ms: far more often than by a Prometheus, so that it shows. */
const READ_EVERY_MS = 1_000;

const base = parley(undefined);

const forgetSpans: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};

const forgetFigures: PushMetricExporter = {
  export: (_figures, done) => done({ code: 0 }),
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
  selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
};

/** Parley with OpenTelemetry's SDK there and not started. */
export const off: System = base;

/** Parley with every call traced and all figures read; what an exporter would do with them is left out. */
export const on: System = {
  server: async (settings, onCall) => {
    startSdk();
    return base.server(settings, onCall);
  },
  client: async settings => {
    startSdk();
    return base.client(settings);
  },
};

/** For the whole process: each measures one system, and ends. */
function startSdk(): void {
  new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(forgetSpans)] }).register();
  const reader = new PeriodicExportingMetricReader({
    exporter: forgetFigures,
    exportIntervalMillis: READ_EVERY_MS,
    exportTimeoutMillis: READ_EVERY_MS,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}
