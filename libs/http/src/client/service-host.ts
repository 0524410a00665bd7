/** Hosts that end in it are services. */
export const DEFAULT_SUFFIX = '.parley';

/** The service that a host names: `user` of `user.parley`. Undefined for a host of the network. */
export function serviceOf(host: string, suffix: string = DEFAULT_SUFFIX): string | undefined {
  return host.length > suffix.length && host.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
}
