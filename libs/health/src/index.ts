export { HEALTH_BOUNDS, HEALTH_DEFAULTS, type HealthBounds } from './health-bounds.js';
export { ParleyHealthController } from './parley-health.controller.js';
export { ParleyHealthIndicator } from './parley-health.indicator.js';
export { ParleyHealthModule } from './parley-health.module.js';
export { livenessReasons, readinessReasons, startupReasons, type Finding, type Reasons } from './verdict.js';
