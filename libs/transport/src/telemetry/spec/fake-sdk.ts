import {
  createNoopMeter,
  metrics,
  trace,
  type Attributes,
  type BatchObservableCallback,
  type Meter,
  type MetricOptions,
  type Observable,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { activeMeter } from '../meter.js';

export interface ToldFigure {
  name: string;
  value: number;
  attributes: Attributes;
}

export interface ToldSpan extends SpanOptions {
  name: string;
  exceptions: unknown[];
  status?: unknown;
  ended: number;
}

/** An SDK that keeps what it is told, from `start` to `stop`. */
export class FakeSdk {
  readonly spans: ToldSpan[] = [];
  readonly figures: ToldFigure[] = [];
  /** How each instrument was asked for. */
  readonly options = new Map<string, MetricOptions>();
  private readonly observables = new Map<Observable, string>();
  private callback: BatchObservableCallback | undefined;

  start(): this {
    metrics.setGlobalMeterProvider({ getMeter: () => this.meter() });
    trace.setGlobalTracerProvider({
      getTracer: () =>
        ({ startSpan: (name: string, options: SpanOptions) => this.span(name, options) }) as Tracer,
    });
    return this;
  }

  stop(): void {
    metrics.disable();
    trace.disable();
    activeMeter();
  }

  /** Whether it asks for live state. */
  get asks(): boolean {
    return this.callback !== undefined;
  }

  /** What it was told under a name. */
  of(name: string): Omit<ToldFigure, 'name'>[] {
    return this.figures
      .filter(figure => figure.name === name)
      .map(({ value, attributes }) => ({ value, attributes }));
  }

  /** Asks for live state: what it is told that has these attributes, and others. */
  async read(attributes: Attributes): Promise<Record<string, number>> {
    const told: Record<string, number> = {};
    const observe = (observable: Observable, value: number, given: Attributes = {}) => {
      const matches = Object.entries(attributes).every(([name, wanted]) => given[name] === wanted);
      if (matches) told[this.observables.get(observable)!] = value;
    };
    await this.callback?.({ observe });
    return told;
  }

  private meter(): Meter {
    const keep = (name: string, options: MetricOptions) => {
      this.options.set(name, options);
      return (value: number, attributes: Attributes = {}) =>
        void this.figures.push({ name, value, attributes });
    };
    const observable = (name: string) => {
      const made = {} as Observable;
      this.observables.set(made, name);
      return made;
    };
    return Object.assign(Object.create(createNoopMeter()) as Meter, {
      createHistogram: (name: string, options: MetricOptions) => ({ record: keep(name, options) }),
      createCounter: (name: string, options: MetricOptions) => ({ add: keep(name, options) }),
      createObservableCounter: observable,
      createObservableUpDownCounter: observable,
      addBatchObservableCallback: (callback: BatchObservableCallback) => (this.callback = callback),
      removeBatchObservableCallback: () => (this.callback = undefined),
    });
  }

  private span(name: string, options: SpanOptions): Span {
    const told: ToldSpan = {
      ...options,
      name,
      attributes: { ...options.attributes },
      exceptions: [],
      ended: 0,
    };
    this.spans.push(told);
    return {
      setAttribute: (key: string, value: string) => void (told.attributes![key] = value),
      addEvent: () => undefined,
      recordException: (exception: unknown) => void told.exceptions.push(exception),
      setStatus: (status: unknown) => void (told.status = status),
      end: () => void (told.ended += 1),
    } as unknown as Span;
  }
}
