import { isObservable, Subject, takeUntil, type Observable } from 'rxjs';

/** Where a handler's reply goes. */
export interface ReplySink {
  /** A value that is pushed: false once the sink takes no more. */
  push(value: unknown): boolean;
  /** Resolves when a further value may be pulled. */
  room(): Promise<void>;
  hasRoom(): boolean;
  readonly ended: boolean;
  complete(): void;
  fail(error: unknown): void;
}

const NOTHING = () => undefined;

/**
 * Leads whatever a handler returned into the sink: the values of an Observable, the items of an async iterable
 * (generators, Readables and web streams among them), or the one value. Returns how to stop it.
 */
export function pumpReply(result: unknown, sink: ReplySink): () => void {
  if (isObservable(result)) return pumpObservable(result, sink);
  if (isAsyncIterable(result)) return pumpIterable(result, sink);
  sink.push(result);
  sink.complete();
  return NOTHING;
}

/** Whether a handler's result gives values by and by; else it is the one value. */
export function isSource(result: unknown): boolean {
  return isObservable(result) || isAsyncIterable(result);
}

/**
 * An item of an Observable may itself be an async iterable, where an interceptor wrapped what the handler returned.
 * What stops it is heard by sources too that emit all they have while they are subscribed to.
 */
function pumpObservable(source: Observable<unknown>, sink: ReplySink): () => void {
  let stopInner: (() => void) | undefined;
  let inner: Promise<void> | undefined;
  const stopped = new Subject<void>();
  source.pipe(takeUntil(stopped)).subscribe({
    next: value => {
      if (isAsyncIterable(value)) {
        const pump = pullAll(value, sink);
        stopInner = pump.stop;
        inner = pump.done;
      } else if (!sink.push(value)) {
        stopped.next();
      }
    },
    error: error => sink.fail(error),
    complete: () => {
      if (!inner) sink.complete();
      else
        inner.then(
          () => sink.complete(),
          error => sink.fail(error),
        );
    },
  });
  return () => {
    stopped.next();
    stopInner?.();
  };
}

function pumpIterable(source: AsyncIterable<unknown>, sink: ReplySink): () => void {
  const { done, stop } = pullAll(source, sink);
  done.then(
    () => sink.complete(),
    error => sink.fail(error),
  );
  return stop;
}

/** Pulls item by item as the sink has room. `stop` returns the iterator, which ends a generator's try blocks. */
function pullAll(source: AsyncIterable<unknown>, sink: ReplySink): { done: Promise<void>; stop: () => void } {
  const iterator = source[Symbol.asyncIterator]();
  let stopped = false;
  const pull = async () => {
    for (;;) {
      if (!sink.hasRoom()) await sink.room();
      if (stopped || sink.ended) return;
      const { done, value } = await iterator.next();
      if (done || stopped) return;
      sink.push(value);
    }
  };
  const stop = () => {
    stopped = true;
    // A generator that waits for something returns only after that: nobody waits for it here.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  };
  return { done: pull(), stop };
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] ===
    'function'
  );
}
