type Listener<T> = (detail: T) => void;

/** Listeners by event. A listener that throws keeps no other from being called. */
export class Listeners<Events> {
  private readonly listeners: { [K in keyof Events]?: Set<Listener<Events[K]>> } = {};

  constructor(private readonly onThrow: (error: unknown) => void) {}

  /** Returns the function that removes the listener. */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    const added: Listener<Events[K]> = detail => listener(detail);
    const known: Set<Listener<Events[K]>> = this.listeners[event] ?? new Set();
    this.listeners[event] = known.add(added);
    return () => void known.delete(added);
  }

  emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    for (const listener of this.listeners[event] ?? []) {
      try {
        listener(detail);
      } catch (error) {
        this.onThrow(error);
      }
    }
  }
}
