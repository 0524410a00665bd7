import type { Dispatcher } from 'undici';

/** A handler as undici 6 knows them, which is what Node 20's own fetch brings, seen as one of undici 7. */
export function modernHandler(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  if (handler.onRequestStart) return handler;
  return {
    onRequestStart: controller =>
      handler.onConnect?.(reason => controller.abort(reason ?? new Error('aborted'))),
    onResponseStart(controller, status, _headers, statusText = '') {
      const raw = controller.rawHeaders as Buffer[];
      if (handler.onHeaders?.(status, raw, () => controller.resume(), statusText) === false)
        controller.pause();
    },
    onResponseData(controller, chunk) {
      if (handler.onData?.(chunk) === false) controller.pause();
    },
    onResponseEnd: () => handler.onComplete?.([]),
    onResponseError: (_controller, error) => handler.onError?.(error),
  };
}
