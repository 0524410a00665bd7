/** What a caller may say of one call or event, next to its data. */
export interface CallOptions {
  /** Records with one key are handled in the order they were sent. Default: none, no order is owed. */
  key?: string | Buffer;
  /** How long to wait for the answer, or for a stream's first item, in ms. Default: the client's `timeoutMs`. */
  timeoutMs?: number;
  /** How long a stream may be silent between two items, in ms. Default: the client's `idleTimeoutMs`, else for ever. */
  idleTimeoutMs?: number;
  /** How long a stream may take in all, in ms. Default: for ever. */
  totalTimeoutMs?: number;
  /** Ends the call when it is aborted, with CANCELLED. */
  signal?: AbortSignal;
  /** The user's own headers; names that begin with `parley` are kept for the protocol. */
  headers?: Readonly<Record<string, string>>;
  /** Items of a reply that may be on their way at a time. Default: the client's `window`. */
  window?: number;
  /**
   * False: the call fails UNAVAILABLE at once, without a record, where no instance of the service is there. Default:
   * the client's `waitForReady`, which is true: the call waits for one within its timeout.
   */
  waitForReady?: boolean;
  /**
   * Items that go with the request as its handler takes them, from `context.upload`. They are read once: a call whose
   * upload has begun is not made again. What their source throws ends the call. The answer's time rests while
   * it waits for them. Default: none.
   */
  upload?: AsyncIterable<unknown>;
}

/** Data with the options it is sent with; made by a ParleyRecordBuilder. */
export class ParleyRecord<T = unknown> {
  constructor(
    readonly data: T,
    readonly options: CallOptions,
  ) {}
}

/** `client.send('x', new ParleyRecordBuilder(data).setKey('k').setTimeout(5000).build())` */
export class ParleyRecordBuilder<T = unknown> {
  private options: CallOptions = {};

  constructor(private data?: T) {}

  setData(data: T): this {
    this.data = data;
    return this;
  }

  setKey(key: string | Buffer): this {
    this.options = { ...this.options, key };
    return this;
  }

  /** How long to wait for the answer, or for a stream's first item, in ms. */
  setTimeout(timeoutMs: number): this {
    this.options = { ...this.options, timeoutMs: milliseconds('setTimeout', timeoutMs) };
    return this;
  }

  /** How long a stream may be silent between two items, in ms. */
  setIdleTimeout(idleTimeoutMs: number): this {
    this.options = { ...this.options, idleTimeoutMs: milliseconds('setIdleTimeout', idleTimeoutMs) };
    return this;
  }

  /** How long a stream may take in all, in ms. */
  setTotalTimeout(totalTimeoutMs: number): this {
    this.options = { ...this.options, totalTimeoutMs: milliseconds('setTotalTimeout', totalTimeoutMs) };
    return this;
  }

  /** Ends the call when the signal is aborted: the caller gets CANCELLED, the handler is stopped. */
  setSignal(signal: AbortSignal): this {
    this.options = { ...this.options, signal };
    return this;
  }

  setHeaders(headers: Readonly<Record<string, string>>): this {
    for (const [name, value] of Object.entries(headers)) {
      if (name.startsWith('parley'))
        throw new TypeError(
          `header ${JSON.stringify(name)}: names that begin with "parley" are kept for the protocol`,
        );
      if (typeof value !== 'string')
        throw new TypeError(`header ${JSON.stringify(name)} must be a string; got ${typeof value}`);
    }
    this.options = { ...this.options, headers };
    return this;
  }

  /** Items of a reply that may be on their way at a time. */
  setWindow(window: number): this {
    if (!Number.isInteger(window) || window < 1) {
      throw new TypeError(`setWindow takes a whole number of items, 1 or more; got ${String(window)}`);
    }
    this.options = { ...this.options, window };
    return this;
  }

  /** Items that go with the request as its handler takes them. */
  setUpload(upload: AsyncIterable<unknown>): this {
    if (typeof (upload as Partial<AsyncIterable<unknown>> | undefined)?.[Symbol.asyncIterator] !== 'function')
      throw new TypeError(`setUpload takes an async iterable, such as a Readable; got ${typeof upload}`);
    this.options = { ...this.options, upload };
    return this;
  }

  /** False: fail UNAVAILABLE at once where no instance of the service is there. */
  setWaitForReady(waitForReady: boolean): this {
    if (typeof waitForReady !== 'boolean')
      throw new TypeError(`setWaitForReady takes true or false; got ${String(waitForReady)}`);
    this.options = { ...this.options, waitForReady };
    return this;
  }

  build(): ParleyRecord<T | undefined> {
    return new ParleyRecord(this.data, this.options);
  }
}

/** Node runs a timer of more than 2^31 - 1 ms at once. */
const MAX_MILLISECONDS = 2_147_483_647;

function milliseconds(setter: string, value: number): number {
  if (value > 0 && value <= MAX_MILLISECONDS) return value;
  throw new TypeError(
    `${setter} takes milliseconds greater than 0, ${MAX_MILLISECONDS} at most; got ${String(value)}`,
  );
}
