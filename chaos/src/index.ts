export { audit, type Evidence } from './audit/audit.js';
export { callFigures, eventFigures } from './audit/figures.js';
export { type InProcessOptions, runInProcess } from './in-process/run-in-process.js';
export { callLines, eventLine, violationLines } from './report.js';
export type { Outcome } from './outcome.js';
