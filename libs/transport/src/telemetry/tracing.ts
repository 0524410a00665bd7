import { ProxyTracerProvider, trace, type Tracer } from '@opentelemetry/api';

/** Under which name an application may configure what Parley tells. */
export const SCOPE_NAME = '@parley/transport';

let known: unknown;
let tracer: Tracer | undefined;

/**
 * The tracer of the SDK that is registered now; undefined without one. Costs two property reads then, so that it can be
 * asked for each call: even the API's own spans that do nothing would cost more.
 */
export function activeTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  const proxy = provider instanceof ProxyTracerProvider ? provider : undefined;
  const actual = proxy ? proxy.getDelegate() : provider;
  if (actual === known) return tracer;
  known = actual;
  tracer = proxy ? proxy.getDelegateTracer(SCOPE_NAME) : provider.getTracer(SCOPE_NAME);
  return tracer;
}
