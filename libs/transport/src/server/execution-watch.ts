import type { MessageHandler } from '@nestjs/microservices';

/** Told how one run of a handler goes, where anybody asks. The first of its three ends counts. */
export interface ExecutionWatch {
  /** Runs the handler, with what comes before it. Rejects where that does not let it run. */
  handle(handler: MessageHandler, data: unknown): Promise<unknown>;
  /** The handler gave an item of its reply. */
  item(value: unknown): void;
  completed(): void;
  failed(thrown: unknown): void;
  /** Nobody waits for the handler any more. */
  stopped(reason: string): void;
}
