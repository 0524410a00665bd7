import type { LinkHealth } from '../link/link-health.js';
import type { Sender } from '../link/sender.js';
import { ATTRIBUTES } from './attributes.js';
import { addFigures } from './figures.js';

/** A link, as far as it is told of. */
export interface ObservedLink {
  readonly isOpen: boolean;
  /** Only while it is open. */
  readonly sender: Pick<Sender, 'queued'>;
  health(): Pick<LinkHealth, 'state' | 'pendingCalls' | 'runningCalls'>;
}

/** Tells of a link until the returned function is called. */
export function addLinkFigures(link: ObservedLink, service: string): () => void {
  const attributes = { [ATTRIBUTES.service]: service };
  return addFigures(tell => {
    const { state, pendingCalls, runningCalls } = link.health();
    tell('parley.link.connected', state === 'connected' ? 1 : 0, attributes);
    tell('parley.client.active_calls', pendingCalls, attributes);
    tell('parley.server.active_calls', runningCalls, attributes);
    if (!link.isOpen) return;
    const { parcels, bytes } = link.sender.queued;
    tell('parley.sender.queue.records', parcels, attributes);
    tell('parley.sender.queue.size', bytes, attributes);
  });
}
