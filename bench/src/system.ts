import type { Observable } from 'rxjs';
import type { Body } from './body.js';

/** What a system under test is told. Server and client of one measurement get the same. */
export interface Settings {
  /** Kafka's bootstrap addresses; empty for systems that do without. */
  brokers: string[];
  /** A free TCP port, for systems that listen on one. */
  port: number;
  /** Unique to one measurement: begins the names of its topics and groups. */
  run: string;
  /** How many processes of a kind there may be at a time. Default 1. */
  replicas?: number;
}

/** What a server has done with events. */
export interface Handled {
  count: number;
  /** When it was done with the last one, as process.hrtime in milliseconds. */
  lastAt: number;
  /** How many were begun with after a later one of the same key. */
  disordered: number;
}

export interface BenchServer {
  handled(): Handled;
  close(): Promise<void>;
}

/** The caller's side. Where a system has no streams or no events, the method is missing. */
export interface BenchClient {
  /** One echoed call. */
  unary(body: Body): Promise<unknown>;
  /** One echoed call, with everything that it is answered by. */
  replies?: (body: Body) => Observable<unknown>;
  /** One echoed call whose handler first awaits SLOW_MS. */
  slow(body: Body): Promise<unknown>;
  /** One call that is answered by so many bodies. */
  stream?(items: number): Observable<unknown>;
  /** The same, pulled: the server gives no more than is asked for, and a little ahead. */
  pull?(items: number): AsyncIterable<unknown>;
  /** One call that is answered for ever, by a body at once and another every so many milliseconds. */
  trickle?(everyMs: number): Observable<unknown>;
  /** One call that is answered by a series of items, which a server that ends leaves to another where `resumable`. */
  series?: (asked: Body, resumable: boolean) => Observable<unknown>;
  /** One event; resolves once the system took it. */
  emit?: (body: Body) => Promise<unknown>;
  /** One event of the key that `keyOf` gives, whose handler awaits KEYED_MS; resolves once the system took it. */
  emitKeyed?: (body: Body) => Promise<unknown>;
  close(): Promise<void>;
}

/** Told of each echoed call as its handler begins. */
export type OnCall = (body: Body) => void;

/** One way for services to talk. `server` resolves once calls can be made, `client` at once where it can. */
export interface System {
  server(settings: Settings, onCall?: OnCall): Promise<BenchServer>;
  client(settings: Settings): Promise<BenchClient>;
}

/** How often a stream gives an item that is open beside other calls. */
export const TRICKLE_MS = 1_000;

/** How long the handler of a keyed event takes. */
export const KEYED_MS = 5;

const KEYS = 1_000;

/** The key of a body: there are a thousand. */
export function keyOf({ id }: Body): string {
  return `key-${id % KEYS}`;
}

/** How long the handler of `slow` waits before it answers. */
export const SLOW_MS = 20;
