import {
  propagation,
  ROOT_CONTEXT,
  type Context,
  type TextMapGetter,
  type TextMapSetter,
} from '@opentelemetry/api';
import type { HeaderValue } from '../drivers/driver.js';

type ReadHeaders = Readonly<Record<string, HeaderValue>>;

const getter: TextMapGetter<ReadHeaders> = {
  keys: headers => Object.keys(headers),
  get: (headers, name) => headers[name]?.toString(),
};

/** A context that the sender has put there itself is the one that counts. */
const setter: TextMapSetter<Record<string, HeaderValue>> = {
  set: (headers, name, value) => {
    headers[name] ??= value;
  },
};

const overwriter: TextMapSetter<Record<string, HeaderValue>> = {
  set: (headers, name, value) => {
    headers[name] = value;
  },
};

/** Puts the context, baggage included, among the headers of a record that is new. */
export function inject(context: Context, headers: Record<string, HeaderValue>): void {
  propagation.inject(context, headers, setter);
}

/** The headers with this context in place of the one that they came with. */
export function handedOn(context: Context, headers: ReadHeaders): Record<string, HeaderValue> {
  const copy = { ...headers };
  propagation.inject(context, copy, overwriter);
  return copy;
}

/** What a record's sender has put there; the root context where it put nothing. */
export function extract(headers: ReadHeaders): Context {
  return propagation.extract(ROOT_CONTEXT, headers, getter);
}
