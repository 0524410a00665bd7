/** What a caller may say of one call or event, next to its data. */
export interface CallOptions {
  /** Records with one key are handled in the order they were sent. Default: none, no order is owed. */
  key?: string | Buffer;
  /** How long to wait, in ms. Default: the client's `timeoutMs`. */
  timeoutMs?: number;
  /** The user's own headers; names that begin with `parley` are kept for the protocol. */
  headers?: Readonly<Record<string, string>>;
  /** Items of a reply that may be on their way at a time. Default: the client's `window`. */
  window?: number;
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

  /** In ms. */
  setTimeout(timeoutMs: number): this {
    if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
      throw new TypeError(`setTimeout takes milliseconds greater than 0; got ${String(timeoutMs)}`);
    }
    this.options = { ...this.options, timeoutMs };
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

  build(): ParleyRecord<T | undefined> {
    return new ParleyRecord(this.data, this.options);
  }
}
