import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { ParleyServer } from '@parley/transport';
import { livenessReasons, readinessReasons, startupReasons, type Reasons } from './verdict.js';

/**
 * Terminus indicators that read the live state of the application's link and server. A probe makes no request, no
 * connection and no client.
 */
@Injectable()
export class ParleyHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly server: ParleyServer,
  ) {}

  /** Down only where a restart helps. */
  liveness<K extends string = 'parley'>(key: K = 'parley' as K): HealthIndicatorResult<K> {
    return this.result(key, livenessReasons(this.server.health()));
  }

  /** Down while calls could not be answered or made: Kafka is away, the server is not assigned yet or draining. */
  readiness<K extends string = 'parley'>(key: K = 'parley' as K): HealthIndicatorResult<K> {
    return this.result(key, readinessReasons(this.server.health()));
  }

  /** Down until topics, inbox and consumer groups are there for the first time. */
  startup<K extends string = 'parley'>(key: K = 'parley' as K): HealthIndicatorResult<K> {
    return this.result(key, startupReasons(this.server.health()));
  }

  private result<K extends string>(key: K, reasons: Reasons): HealthIndicatorResult<K> {
    const { link, load } = this.server.health();
    const details = { kafka: link.state, calls: link.pendingCalls, load, queued: link.queuedRecords };
    const session = this.indicators.check(key);
    return reasons.length === 0 ? session.up(details) : session.down({ ...details, reasons });
  }
}
