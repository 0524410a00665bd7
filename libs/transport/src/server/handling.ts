import 'reflect-metadata';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import { z } from 'zod';

/** How a call's handler may be run, besides once to its end. */
export interface Handling {
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

/**
 * Beside `@MessagePattern`: says how its handler may be run.
 * `@MessagePattern('prices') @Handling({ resumable: true })`
 */
export function Handling(handling: Handling): MethodDecorator {
  return (_target, _name, descriptor) => {
    const method = descriptor.value as object;
    const extras = (Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method) ?? {}) as Record<string, unknown>;
    Reflect.defineMetadata(PATTERN_EXTRAS_METADATA, { ...extras, [EXTRA]: handling }, method);
  };
}

const schema = z.strictObject({
  idempotent: z.boolean().optional(),
  resumable: z.boolean().optional(),
  redelivery: z.enum(['rerun', 'fail']).optional(),
  overflow: z.enum(['fail', 'latest']).optional(),
});

/** What was said of a handler; `extras` are those that Nest hands on with it. Raises TypeError for what is unknown. */
export function handlingOf(pattern: string, extras: Record<string, unknown> | undefined): Handling {
  const result = schema.safeParse(extras?.[EXTRA] ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new TypeError(`@Handling of ${JSON.stringify(pattern)}: ${faults.join('; ')}`);
}
