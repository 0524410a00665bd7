import type { DiscoveryService } from '@nestjs/core';
import { HOOK_KEY, type ParleyHook } from '../hooks/parley-hook.js';

/**
 * The providers with `@ParleyHook()`, in the order in which Nest holds modules and their providers. Raises TypeError for
 * one that is not a singleton: what follows a call has no request any more that it could belong to.
 */
export function hooksIn(discovery: DiscoveryService): ParleyHook[] {
  const marked = new Set(discovery.getProviders({ metadataKey: HOOK_KEY }));
  return discovery
    .getProviders()
    .filter(provider => marked.has(provider))
    .map(provider => {
      if (!provider.isDependencyTreeStatic()) {
        throw new TypeError(
          `The hook ${provider.name} is made anew for each request: hooks are singletons, so inject nothing request-scoped into it`,
        );
      }
      return provider.instance as ParleyHook;
    });
}
