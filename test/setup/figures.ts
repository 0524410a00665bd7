import { metrics, type Attributes } from '@opentelemetry/api';
import { MeterProvider, MetricReader, type DataPoint, type Histogram } from '@opentelemetry/sdk-metrics';

/** Reads when it is asked to. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export interface Figure {
  attributes: Attributes;
  /** Of a histogram: how many values it was given. */
  value: number;
  unit: string;
}

/** Every figure of this process, as an application's SDK would export it. */
export class Figures {
  private readonly reader = new Reader();
  private readonly provider = new MeterProvider({ readers: [this.reader] });

  /** What an application does before all else. */
  register(): this {
    metrics.setGlobalMeterProvider(this.provider);
    return this;
  }

  /** By name. */
  async read(): Promise<Map<string, Figure[]>> {
    const { resourceMetrics } = await this.reader.collect();
    const all = new Map<string, Figure[]>();
    for (const { metrics: ofScope } of resourceMetrics.scopeMetrics) {
      for (const { descriptor, dataPoints } of ofScope) {
        const figures = (dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => ({
          attributes,
          value: typeof value === 'number' ? value : value.count,
          unit: descriptor.unit,
        }));
        all.set(descriptor.name, figures);
      }
    }
    return all;
  }

  /** What was told under a name of these attributes, and any others. */
  async of(name: string, attributes: Attributes = {}): Promise<Figure[]> {
    const figures = (await this.read()).get(name) ?? [];
    return figures.filter(figure =>
      Object.entries(attributes).every(([key, value]) => figure.attributes[key] === value),
    );
  }

  async shutdown(): Promise<void> {
    metrics.disable();
    await this.provider.shutdown();
  }
}
