export { ParleyHealthController } from './parley-health.controller.js';
export { ParleyHealthIndicator } from './parley-health.indicator.js';
export { ParleyHealthModule } from './parley-health.module.js';
export { livenessReasons, readinessReasons, startupReasons, type Reasons } from './verdict.js';
