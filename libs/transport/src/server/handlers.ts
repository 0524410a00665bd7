import type { MessageHandler } from '@nestjs/microservices';

/** A server's handlers by pattern. Calls have one each; events any number, each of which runs and fails alone. */
export class Handlers {
  private readonly calls = new Map<string, MessageHandler>();
  private readonly events = new Map<string, MessageHandler[]>();

  addCall(pattern: string, handler: MessageHandler): void {
    if (this.calls.has(pattern)) {
      throw new Error(
        `Two handlers for the message pattern ${JSON.stringify(pattern)}: a call has one answer, so give them different patterns`,
      );
    }
    this.calls.set(pattern, handler);
  }

  addEvent(pattern: string, handler: MessageHandler): void {
    const handlers = this.events.get(pattern);
    if (handlers) handlers.push(handler);
    else this.events.set(pattern, [handler]);
  }

  call(pattern: string): MessageHandler | undefined {
    return this.calls.get(pattern);
  }

  event(pattern: string): readonly MessageHandler[] {
    return this.events.get(pattern) ?? [];
  }

  get callPatterns(): string[] {
    return [...this.calls.keys()];
  }

  get eventPatterns(): string[] {
    return [...this.events.keys()];
  }
}
