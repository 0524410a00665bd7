import { Link } from '../link/link.js';
import type { ClientSettings, ServerSettings } from './options.js';

/** A link for a client or server that stands alone. */
export function linkOf(settings: ClientSettings | ServerSettings): Link {
  return new Link(settings.link);
}
