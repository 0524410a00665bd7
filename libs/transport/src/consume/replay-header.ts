/**
 * Marks an event that is read again by a replay. It stays with the event where that goes to a retry topic or becomes a
 * dead letter, so that its handler can tell on every later run too.
 */
export const REPLAY_HEADER = 'parley-replayed';
