import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
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
export class ParleyHealthModule {}
