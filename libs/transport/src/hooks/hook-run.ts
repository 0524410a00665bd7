import { Logger } from '@nestjs/common';
import { ParleyException } from '../exceptions/parley-exception.js';
import { isUnexpected, statusOfThrown } from '../exceptions/thrown.js';
import type { HookSide } from './hook-side.js';
import type { HookedReply, IncomingMessage, OutgoingMessage, ParleyHook } from './parley-hook.js';

const logger = new Logger('Parley');

/** The hooks around one call or event: before it in order, after it in reverse. */
export class HookRun<M extends OutgoingMessage | IncomingMessage> {
  /** Hooks whose turn has come. */
  private reached = 0;
  private over = false;

  constructor(
    private readonly side: HookSide<M>,
    private readonly hooks: readonly ParleyHook[],
    readonly message: M,
    /** What all of them have before the call, and each one after it, in ms. */
    private readonly withinMs: number,
  ) {}

  /** Resolves once the call may go on; rejects with a ParleyException where a hook vetoes it or the time has passed. */
  async before(): Promise<void> {
    const until = performance.now() + this.withinMs;
    for (const hook of this.hooks) {
      if (this.over) return;
      this.reached += 1;
      await this.runBefore(hook, until);
    }
  }

  /** What follows a call that went well. Never rejects; only the first of `after` and `failed` counts. */
  async after(reply: HookedReply): Promise<void> {
    await this.end(this.side.after, hook => this.side.runAfter(hook, this.message, reply));
  }

  /** What follows a call that failed. Never rejects. */
  async failed(error: unknown): Promise<void> {
    await this.end('onError', hook => hook.onError?.(this.message, error));
  }

  private async runBefore(hook: ParleyHook, until: number): Promise<void> {
    const { message } = this;
    const given = { data: message.data, headers: message.headers };
    message.headers = { ...given.headers };
    try {
      const running = this.side.runBefore(hook, message);
      if (running) await within(until - performance.now(), running);
      checkHeaders(message.headers);
    } catch (thrown) {
      if (thrown instanceof HookTimeout) {
        const what = `${nameOf(hook)}.${this.side.before} has not ended within the ${this.withinMs} ms of ${message.pattern}`;
        throw new ParleyException('DEADLINE_EXCEEDED', what);
      }
      if (!isUnexpected(thrown)) throw ParleyException.of(statusOfThrown(thrown));
      Object.assign(message, given);
      this.log(hook, this.side.before, thrown);
    }
  }

  private async end(method: string, run: (hook: ParleyHook) => void | Promise<void>): Promise<void> {
    if (this.over) return;
    this.over = true;
    for (const hook of this.hooks.slice(0, this.reached).toReversed()) {
      try {
        const running = run(hook);
        if (running) await within(this.withinMs, running);
      } catch (thrown) {
        this.log(hook, method, thrown);
      }
    }
  }

  private log(hook: ParleyHook, method: string, thrown: unknown): void {
    const { message, stack } =
      thrown instanceof Error ? thrown : { message: typeof thrown, stack: undefined };
    logger.error(
      `The hook ${nameOf(hook)}.${method} failed at ${this.message.pattern}, which goes on without it: ${message}`,
      stack,
    );
  }
}

/** Node runs a timer of more at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

class HookTimeout extends Error {}

async function within(ms: number, running: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fire = () => reject(new HookTimeout(`it has not ended within ${Math.ceil(ms)} ms`));
    timer = setTimeout(fire, Math.min(ms, LONGEST_TIMER_MS));
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

function checkHeaders(headers: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('parley'))
      throw new TypeError(
        `header ${JSON.stringify(name)}: names that begin with "parley" are the protocol's`,
      );
    if (typeof value !== 'string')
      throw new TypeError(`header ${JSON.stringify(name)} must be a string; got ${typeof value}`);
  }
}

function nameOf(hook: ParleyHook): string {
  const { name } = hook.constructor;
  return name === 'Object' ? 'of the options' : name;
}
