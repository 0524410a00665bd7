import type { MessageHandler } from '@nestjs/microservices';
import type { ExecutionWatch } from '../server/execution-watch.js';
import type { HookRun } from './hook-run.js';
import type { Hooks } from './hooks.js';
import type { HookedReply, IncomingMessage } from './parley-hook.js';

/** One run of a handler with hooks around it. */
export class HookedExecution implements ExecutionWatch {
  private items = 0;
  private last: unknown;
  private ended = false;

  constructor(
    private readonly hooks: Hooks,
    private readonly run: HookRun<IncomingMessage>,
  ) {}

  async handle(handler: MessageHandler, data: unknown): Promise<unknown> {
    const { message } = this.run;
    message.data = data;
    await this.run.before();
    if (this.ended) return undefined;
    message.context.replaceHeaders(message.headers);
    return handler(message.data, message.context);
  }

  item(value: unknown): void {
    this.items += 1;
    this.last = value;
  }

  completed(): void {
    this.follow({ items: this.items, last: this.last });
  }

  failed(thrown: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.hooks.follow(this.run.failed(thrown));
  }

  stopped(reason: string): void {
    this.follow({ items: this.items, last: this.last, stopped: reason });
  }

  private follow(reply: HookedReply): void {
    if (this.ended) return;
    this.ended = true;
    this.hooks.follow(this.run.after(reply));
  }
}
