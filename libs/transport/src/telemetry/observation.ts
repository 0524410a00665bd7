import type { Attributes, Histogram, Span } from '@opentelemetry/api';
import { ATTRIBUTES } from './attributes.js';
import { endFailed, errorType } from './span-end.js';

/** What is told of one call, or of one run of a handler, once it has ended: by its span, and by how long it took. */
export class Observation {
  private readonly begun = performance.now();
  private over = false;
  /** Of its reply. */
  items = 0;

  constructor(
    private readonly span: Span | undefined,
    private readonly duration: Histogram | undefined,
    private readonly attributes: Attributes,
  ) {}

  /** Only the first of its ends counts. */
  ended(stopped?: string): void {
    if (this.over) return;
    this.over = true;
    if (stopped !== undefined) this.span?.setAttribute(ATTRIBUTES.stopped, stopped);
    this.span?.setAttribute(ATTRIBUTES.items, this.items);
    this.span?.end();
    this.record(this.attributes);
  }

  failed(error: unknown): void {
    if (this.over) return;
    this.over = true;
    this.span?.setAttribute(ATTRIBUTES.items, this.items);
    if (this.span) endFailed(this.span, error);
    this.record({ ...this.attributes, [ATTRIBUTES.errorType]: errorType(error) });
  }

  private record(attributes: Attributes): void {
    this.duration?.record((performance.now() - this.begun) / 1000, attributes);
  }
}
