import {
  Inject,
  Injectable,
  Optional,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { ParleyServer } from '@parley/transport';
import { HEALTH_BOUNDS, healthBounds, type HealthBounds } from './health-bounds.js';
import { LoopWatch } from './loop-watch.js';
import { livenessReasons, readinessReasons, startupReasons, type Finding, type Reasons } from './verdict.js';

/**
 * Terminus indicators that read the live state of the application's link and server. A probe makes no request, no
 * connection and no client.
 */
@Injectable()
export class ParleyHealthIndicator implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly bounds: HealthBounds;
  private readonly watch: LoopWatch;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly server: ParleyServer,
    @Optional() @Inject(HEALTH_BOUNDS) bounds?: Partial<HealthBounds>,
  ) {
    this.bounds = healthBounds(bounds);
    this.watch = new LoopWatch(() => {
      const { link, loops } = server.health();
      return [...link.loops, ...loops];
    });
  }

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  onApplicationShutdown(): void {
    this.watch.stop();
  }

  /** Down only where a restart helps. */
  liveness<K extends string = 'parley'>(key: K = 'parley' as K): HealthIndicatorResult<K> {
    return this.result(key, livenessReasons);
  }

  /** Down while calls could not be answered or made: Kafka is away, the server is not assigned yet or draining. */
  readiness<K extends string = 'parley'>(key: K = 'parley' as K): HealthIndicatorResult<K> {
    return this.result(key, readinessReasons);
  }

  /** Down until topics, inbox and consumer groups are there for the first time. */
  startup<K extends string = 'parley'>(key: K = 'parley' as K): HealthIndicatorResult<K> {
    return this.result(key, ({ health }) => startupReasons(health));
  }

  private result<K extends string>(key: K, judge: (finding: Finding) => Reasons): HealthIndicatorResult<K> {
    const { lateMs, stuckMs } = this.bounds;
    const health = this.server.health();
    const reasons = judge({ health, stuck: this.watch.stuck(stuckMs), lateMs });
    const { link, load, untaken } = health;
    const details = {
      kafka: link.state,
      calls: link.pendingCalls,
      load,
      queued: link.queuedRecords,
      ...(untaken && { untaken }),
    };
    const session = this.indicators.check(key);
    return reasons.length === 0 ? session.up(details) : session.down({ ...details, reasons });
  }
}
