type Listener<T> = (detail: T) => void;

/** Listeners by event. A listener that throws keeps no other from being called. */
export class Listeners<Events> {
  private readonly listeners = new Map<keyof Events, Set<Listener<never>>>();

  constructor(private readonly onThrow: (error: unknown) => void) {}

  /** Returns the function that removes the listener. */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    let known = this.listeners.get(event);
    if (!known) this.listeners.set(event, (known = new Set()));
    const added: Listener<Events[K]> = detail => listener(detail);
    known.add(added);
    return () => void known.delete(added);
  }

  emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])] as Listener<Events[K]>[]) {
      try {
        listener(detail);
      } catch (error) {
        this.onThrow(error);
      }
    }
  }
}
