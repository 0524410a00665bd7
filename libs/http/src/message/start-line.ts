import { MalformedMessage } from './head.js';

const REQUEST = /^([A-Z][A-Z-]{0,31}) ([\x21-\x7e]+) HTTP\/1\.1$/;
const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const TARGET = /^\/[\x21-\x7e]*$|^\*$/;
const RESPONSE = /^HTTP\/1\.[01] ([1-5]\d\d) ?(.*)$/;

export interface RequestLine {
  method: string;
  /** The path with its query. */
  target: string;
}

export interface StatusLine {
  status: number;
  statusText: string;
}

/** Raises MalformedMessage for a method or target that HTTP cannot carry. */
export function requestLine({ method, target }: RequestLine): string {
  if (!METHOD.test(method)) throw new MalformedMessage(`${JSON.stringify(method)} is no method of HTTP`);
  if (!TARGET.test(target)) {
    throw new MalformedMessage(`${JSON.stringify(target.slice(0, 100))} is no path: is it percent-encoded?`);
  }
  return `${method} ${target} HTTP/1.1`;
}

/** Raises MalformedMessage. */
export function readRequestLine(line: string): RequestLine {
  const [, method, target] = REQUEST.exec(line) ?? [];
  if (!method || !target || !TARGET.test(target)) {
    throw new MalformedMessage(`${JSON.stringify(line.slice(0, 100))} is no request line of HTTP/1.1`);
  }
  return { method, target };
}

/** Raises MalformedMessage. */
export function readStatusLine(line: string): StatusLine {
  const [, status, statusText] = RESPONSE.exec(line) ?? [];
  if (!status) throw new MalformedMessage(`${JSON.stringify(line.slice(0, 100))} is no status line of HTTP`);
  return { status: Number(status), statusText: statusText ?? '' };
}
