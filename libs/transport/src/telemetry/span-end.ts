import { SpanStatusCode, type Span } from '@opentelemetry/api';
import { isUnexpected, statusOfThrown } from '../exceptions/thrown.js';
import { ATTRIBUTES } from './attributes.js';

/** How what was thrown is told in spans and figures: by its status. */
export function errorType(thrown: unknown): string {
  return statusOfThrown(thrown).code;
}

/** Ends a span for what was thrown; the message of it is for whoever may read traces. */
export function endFailed(span: Span, thrown: unknown): void {
  span.setAttribute(ATTRIBUTES.errorType, errorType(thrown));
  if (isUnexpected(thrown) && thrown instanceof Error) span.recordException(thrown);
  const message = thrown instanceof Error ? thrown.message : undefined;
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
  span.end();
}
