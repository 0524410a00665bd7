import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { ParleyHealthIndicator } from './parley-health.indicator.js';

/** What Kubernetes probes: 200 with the details, or 503 with the reasons. */
@Controller('health')
export class ParleyHealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly parley: ParleyHealthIndicator,
  ) {}

  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([() => this.parley.liveness()]);
  }

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.parley.readiness()]);
  }

  @Get('startup')
  @HealthCheck()
  startup(): Promise<HealthCheckResult> {
    return this.health.check([() => this.parley.startup()]);
  }
}
