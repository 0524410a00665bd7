import type { Dispatcher } from 'undici';
import { headerRecord, readAnswer, type AnswerHead } from './answer-head.js';
import { bodyTooLarge, gatewayAnswer } from './gateway-answer.js';
import { fieldsOf, type GivenHeaders } from './given-headers.js';
import { send } from './http-request.js';
import { bodyAtHand, readBody, type GivenBody } from './request-body.js';
import type { ServiceClients } from './service-clients.js';

export interface DispatchedRequestOptions {
  client: ReturnType<ServiceClients['to']>;
  host: string;
  /** How long the head of the answer may take, in ms. Default: the client's own `timeoutMs`. */
  timeoutMs: number | undefined;
  /** What a request's body may weigh, in bytes. */
  maxBodyBytes: number;
}

const NOTHING: AsyncIterator<Buffer> = { next: () => Promise.resolve({ done: true, value: undefined }) };
const FOREVER_MS = 2_147_483_647;

/** One request of undici's on its way over Kafka, and what its caller controls it by. */
export class DispatchedRequest implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] = [];
  private resumed: (() => void) | undefined;
  private reply: AsyncIterableIterator<Buffer> | undefined;
  private body: Partial<AsyncIterator<unknown>> & { destroy?(error: Error): void } = {};
  private ended = false;

  constructor(
    private readonly request: Dispatcher.DispatchOptions,
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly options: DispatchedRequestOptions,
  ) {}

  /** Never rejects: the handler is told. */
  async run(): Promise<void> {
    const { handler } = this;
    try {
      handler.onRequestStart?.(this, undefined);
      if (!this.aborted) await this.exchange();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  abort(reason: Error): void {
    if (this.aborted || this.ended) return;
    this.aborted = true;
    this.reason = reason;
    void this.reply?.return?.();
    this.resume();
    this.fail(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    const { resumed } = this;
    this.resumed = undefined;
    resumed?.();
  }

  private async exchange(): Promise<void> {
    const { request, options } = this;
    const given = request.body as GivenBody;
    const { bytes, contentType } = bodyAtHand(given) ?? (await readBody(given!, options.maxBodyBytes));
    if (this.aborted) return;
    if (!bytes || bytes.length > options.maxBodyBytes) {
      const { body, ...head } = bodyTooLarge(options.maxBodyBytes);
      await this.answer(head, body);
      return;
    }
    const fields = fieldsOf(request.headers as GivenHeaders);
    if (contentType && !fields.some(name => name.toLowerCase() === 'content-type')) {
      fields.push('content-type', contentType);
    }
    let first: IteratorResult<Buffer>;
    let answer: ReturnType<typeof readAnswer>;
    try {
      this.reply = send(
        options.client,
        { method: request.method, target: targetOf(request), host: options.host, fields, body: bytes },
        callOptions(request, options),
      );
      first = await this.reply.next();
      if (this.aborted) return;
      answer = readAnswer(first.value as Buffer);
    } catch (error) {
      const failed = this.aborted ? undefined : gatewayAnswer(error);
      if (!failed) throw error;
      await this.answer(failed, failed.body);
      return;
    }
    await this.answer(answer, answer.body, this.reply);
  }

  private async answer(
    head: AnswerHead,
    start: Buffer,
    rest: AsyncIterator<Buffer> = NOTHING,
  ): Promise<void> {
    const { handler } = this;
    this.rawHeaders = head.fields.map(text => Buffer.from(text, 'latin1'));
    handler.onResponseStart?.(this, head.status, headerRecord(head.fields), head.statusText);
    if (start.length > 0) await this.give(start);
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      await this.give(next.value);
      if (this.aborted) return;
    }
    if (this.aborted) return;
    this.ended = true;
    handler.onResponseEnd?.(this, {});
  }

  private async give(bytes: Buffer): Promise<void> {
    if (this.paused) await this.room();
    if (this.aborted) return;
    this.handler.onResponseData?.(this, bytes);
    if (this.paused) await this.room();
  }

  private room(): Promise<void> {
    return new Promise(resolve => {
      this.resumed = resolve;
    });
  }

  private fail(error: Error): void {
    if (this.ended) return;
    this.ended = true;
    void this.reply?.return?.();
    this.handler.onResponseError?.(this, error);
  }
}

function targetOf({ path, query }: Dispatcher.DispatchOptions): string {
  if (!query || Object.keys(query).length === 0) return path;
  const pairs = Object.entries(query as Record<string, unknown>).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(pairs).toString()}`;
}

/** undici's 0 is "as long as it takes". */
function callOptions(request: Dispatcher.DispatchOptions, { timeoutMs }: DispatchedRequestOptions) {
  const { headersTimeout, bodyTimeout } = request;
  const waitMs = typeof headersTimeout === 'number' ? headersTimeout || FOREVER_MS : timeoutMs;
  return {
    ...(waitMs !== undefined && { timeoutMs: waitMs }),
    ...(bodyTimeout ? { idleTimeoutMs: bodyTimeout } : {}),
  };
}
