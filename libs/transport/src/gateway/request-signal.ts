import type { EventEmitter } from 'node:events';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What this needs of a response, Node's or a framework's around it (`raw`: Fastify's). */
interface Response extends Pick<EventEmitter, 'once'> {
  readonly raw?: Response;
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
}

/**
 * At a gateway: an AbortSignal that is aborted when the client of an HTTP request goes away before it is answered.
 * For handlers that await what they call; from an Observable that a handler returns, Nest itself unsubscribes.
 *
 * `@Get() get(@RequestSignal() signal: AbortSignal) {
 *   return firstValueFrom(this.user.send('get', new ParleyRecordBuilder(id).setSignal(signal).build()));
 * }`
 */
export const RequestSignal: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): AbortSignal => signalOf(context.switchToHttp().getResponse()),
);

/** Aborted when the response closes before it has been sent whole. */
export function signalOf(response: Response): AbortSignal {
  const raw = response.raw ?? response;
  const controller = new AbortController();
  const close = () => {
    if (!raw.writableFinished) controller.abort(new Error('the client of the HTTP request went away'));
  };
  if (raw.destroyed) close();
  else raw.once('close', close);
  return controller.signal;
}
