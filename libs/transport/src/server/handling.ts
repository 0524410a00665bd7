import 'reflect-metadata';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import { z } from 'zod';
import { eventShape, type EventRetry } from './events/event-policy.js';

/** How a handler may be run, besides once to its end. */
export interface Handling {
  /** Of an event's handler: what happens where it fails. Default: three more runs in place, then a dead letter. */
  retry?: EventRetry;
  /**
   * Runs of the handler side by side in one instance. What is beyond waits, in order, and takes nobody's place. Default: as
   * many as `concurrency` allows, of an event's handler `eventConcurrency`.
   *
   * Of a call's handler: a call waits until its deadline and is dropped then. So many may wait as the service's
   * `concurrency` says, with 64 MiB of data, of which such handlers have an equal share each; what is beyond is refused,
   * RESOURCE_EXHAUSTED. A stream gives its turn back when its client holds it, as it does its slot.
   */
  concurrency?: number;
  /**
   * Of an event's handler: each instance of the service gets each event that is sent while it runs, instead of one of
   * them. It is retried in place, and what fails then is logged and not kept. Default false.
   */
  broadcast?: boolean;
  /**
   * Of an event's handler: how long one run may take, in ms; then its signal is aborted and it has failed. A handler
   * that goes on regardless may run beside its next run. Default 300,000.
   */
  timeoutMs?: number;
  /**
   * Running it twice does what running it once does. A call that is lost with its server before it has answered is
   * then sent again. Default false: it fails UNAVAILABLE.
   */
  idempotent?: boolean;
  /**
   * A stream that begins at item number `context.resumeFrom` where it is asked to: a stream that is lost with its
   * server then goes on with another. Default false: it fails UNAVAILABLE.
   */
  resumable?: boolean;
  /**
   * A request that may have run before, on a server that died, is run again where its caller still waits (`rerun`,
   * the default), or answered ABORTED (`fail`).
   */
  redelivery?: 'rerun' | 'fail';
  /**
   * What happens to the items of an Observable that emits more than the caller takes: they wait, and when the buffer
   * is full the call fails RESOURCE_EXHAUSTED (`fail`, the default); or each gives way to the next, so that the caller
   * gets its window and then the newest (`latest`).
   */
  overflow?: 'fail' | 'latest';
}

const EXTRA = 'parley';
const NAME_EXTRA = 'parleyHandler';

/**
 * Beside `@MessagePattern` or `@EventPattern`: says how its handler may be run.
 * `@MessagePattern('prices') @Handling({ resumable: true })`,
 * `@EventPattern('order.created') @Handling({ retry: { attempts: 10 }, timeoutMs: 5000 })`
 */
export function Handling(handling: Handling): MethodDecorator {
  return (target, name, descriptor) => {
    const method = descriptor.value as object;
    const extras = (Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method) ?? {}) as Record<string, unknown>;
    const handler = `${target.constructor.name}.${String(name)}`;
    const said = { ...extras, [EXTRA]: handling, [NAME_EXTRA]: handler };
    Reflect.defineMetadata(PATTERN_EXTRAS_METADATA, said, method);
  };
}

/** The extras of a handler that is added to a ParleyServer without a decorator. */
export function handlingExtras(handling: Handling): Record<string, unknown> {
  return { [EXTRA]: handling };
}

const schema = z
  .strictObject({
    ...eventShape,
    idempotent: z.boolean().optional(),
    resumable: z.boolean().optional(),
    redelivery: z.enum(['rerun', 'fail']).optional(),
    overflow: z.enum(['fail', 'latest']).optional(),
  })
  .refine(({ broadcast, retry }) => !broadcast || !retry?.delaysMs || retry.keepOrder, {
    path: ['retry', 'delaysMs'],
    message:
      'retry topics are shared by all instances, and a broadcast event is each one’s own: use `attempts`, or `keepOrder: true`',
  });

/** What was said of a handler; `extras` are those that Nest hands on with it. Raises TypeError for what is unknown. */
export function handlingOf(pattern: string, extras: Record<string, unknown> | undefined): Handling {
  const result = schema.safeParse(extras?.[EXTRA] ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new TypeError(`@Handling of ${JSON.stringify(pattern)}: ${faults.join('; ')}`);
}

/** `Class.method` of a handler that something was said of. */
export function handlerName(extras: Record<string, unknown> | undefined): string | undefined {
  const name = extras?.[NAME_EXTRA];
  return typeof name === 'string' ? name : undefined;
}
