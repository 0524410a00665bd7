import type { Dispatcher } from 'undici';
import { headerRecord, readAnswer, type AnswerHead } from './answer-head.js';
import { BodyTooLarge } from './body-upload.js';
import { bodyTooLarge, gatewayAnswer, notCarried, type GatewayAnswer } from './gateway-answer.js';
import { fieldOf, fieldsOf, type GivenHeaders } from './given-headers.js';
import { send } from './http-request.js';
import { bodyAtHand, readAhead, type GivenBody, type SentBody } from './request-body.js';
import type { ServiceClients } from './service-clients.js';

export interface DispatchedRequestOptions {
  client: ReturnType<ServiceClients['to']>;
  host: string;
  /** How long the head of the answer may take, in ms. Default: the client's own `timeoutMs`. */
  timeoutMs: number | undefined;
  /** What a request's body may weigh, in bytes; Infinity where the service alone decides. */
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
  private body: SentBody | undefined;
  private answering = false;
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
      const { upgrade, method } = this.request;
      if (upgrade || method === 'CONNECT') throw notCarried(this.options.host, upgrade || method);
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
    try {
      this.reply = await this.send();
      if (!this.reply) return;
      const first = await this.reply.next();
      if (this.aborted) return;
      const { body, ...head } = readAnswer(first.value as Buffer);
      await this.answer(head, body, this.reply);
    } catch (error) {
      const failed = this.aborted || this.answering ? undefined : this.insteadOf(error);
      if (!failed) throw error;
      const { body, ...head } = failed;
      await this.answer(head, body);
    }
  }

  /** Undefined where its caller has left meanwhile. */
  private async send(): Promise<AsyncIterableIterator<Buffer> | undefined> {
    const { request, options } = this;
    const { client, host, maxBodyBytes: maxBytes } = options;
    const { method } = request;
    const fields = fieldsOf(request.headers as GivenHeaders);
    const given = request.body as GivenBody;
    const limits = { maxBytes, declared: lengthOf(fields) };
    const body = bodyAtHand(given, limits) ?? (await readAhead(given!, limits));
    this.body = body;
    if (this.aborted) {
      this.leaveBody();
      return undefined;
    }
    if (body.contentType && fieldOf(fields, 'content-type') === undefined) {
      fields.push('content-type', body.contentType);
    }
    const target = targetOf(request);
    return send(client, { method, target, host, fields, body }, callOptions(request, options));
  }

  /** What a gateway says instead; undefined for a failure of the caller's own body, which it hears of as it is. */
  private insteadOf(error: unknown): GatewayAnswer | undefined {
    this.leaveBody();
    const cause = this.body?.rest?.failure ?? error;
    if (cause instanceof BodyTooLarge) return bodyTooLarge(cause);
    return !this.body || this.body.rest?.failure ? undefined : gatewayAnswer(error);
  }

  /** Nothing more is read of it. */
  private leaveBody(): void {
    void this.body?.rest?.return();
  }

  private async answer(
    head: AnswerHead,
    start: Buffer,
    rest: AsyncIterator<Buffer> = NOTHING,
  ): Promise<void> {
    const { handler } = this;
    this.answering = true;
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

/** What the caller says that its body weighs; undefined for what is no number. */
function lengthOf(fields: readonly string[]): number | undefined {
  const length = fieldOf(fields, 'content-length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
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
