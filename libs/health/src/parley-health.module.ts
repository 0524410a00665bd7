import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HEALTH_BOUNDS, type HealthBounds } from './health-bounds.js';
import { ParleyHealthController } from './parley-health.controller.js';
import { ParleyHealthIndicator } from './parley-health.indicator.js';

/**
 * Serves /health/live, /health/ready and /health/startup of an application that imports ParleyModule.forRoot. For
 * routes of your own, provide ParleyHealthIndicator and TerminusModule instead.
 */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [ParleyHealthController],
  providers: [ParleyHealthIndicator],
  exports: [ParleyHealthIndicator],
})
export class ParleyHealthModule {
  /** With bounds of your own: `ParleyHealthModule.with({ stuckMs: 120_000 })`. */
  static with(bounds: Partial<HealthBounds>): DynamicModule {
    return { module: ParleyHealthModule, providers: [{ provide: HEALTH_BOUNDS, useValue: bounds }] };
  }
}
