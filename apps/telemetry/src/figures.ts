import type { IncomingMessage, ServerResponse } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** The OpenTelemetry SDK of one service, as far as figures go: whatever uses the API tells it. */
export class Figures {
  /** Asked by the service's own HTTP server, not by one of its own. */
  private readonly exporter = new PrometheusExporter({ preventServerStart: true });
  private readonly provider: MeterProvider;

  constructor(service: string) {
    const resource = resourceFromAttributes({ 'service.name': service });
    this.provider = new MeterProvider({ resource, readers: [this.exporter] });
    metrics.setGlobalMeterProvider(this.provider);
  }

  /** Answers with all figures in Prometheus' text format. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    this.exporter.getMetricsRequestHandler(request, response);
  }

  async shutdown(): Promise<void> {
    metrics.disable();
    await this.provider.shutdown();
  }
}
