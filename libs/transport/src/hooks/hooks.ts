import type { ParleyHook } from './parley-hook.js';

/** The hooks of one application, or of a server or client of its own. */
export class Hooks {
  /** In the order of their registration; undefined where there is none: nothing is paid for then. */
  client: readonly ParleyHook[] | undefined;
  server: readonly ParleyHook[] | undefined;
  /** What still follows calls that have ended. */
  private readonly pending = new Set<Promise<void>>();

  constructor(hooks: readonly ParleyHook[] = []) {
    this.add(hooks);
  }

  /** Of calls that begin from now on. */
  add(hooks: readonly ParleyHook[]): void {
    for (const hook of hooks) {
      if (hook.beforeSend || hook.afterReply || hook.onError) this.client = [...(this.client ?? []), hook];
      if (hook.beforeHandle || hook.afterHandle || hook.onError) this.server = [...(this.server ?? []), hook];
    }
  }

  /** Takes charge of what follows a call, and never rejects. */
  follow(after: Promise<void>): void {
    this.pending.add(after);
    void after.finally(() => this.pending.delete(after));
  }

  /** Resolves once all that follows the calls that have ended is done, or after `timeoutMs`. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.pending.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all(this.pending), late]);
    clearTimeout(timer);
  }
}
