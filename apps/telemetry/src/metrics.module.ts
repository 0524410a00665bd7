import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Figures } from './figures.js';
import { MetricsController } from './metrics.controller.js';

/** Serves the figures of a service at /metrics, for Prometheus. */
@Module({ controllers: [MetricsController] })
export class MetricsModule implements OnApplicationShutdown {
  constructor(private readonly figures: Figures) {}

  static forRoot(service: string): DynamicModule {
    return {
      module: MetricsModule,
      providers: [{ provide: Figures, useFactory: () => new Figures(service) }],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.figures.shutdown();
  }
}
