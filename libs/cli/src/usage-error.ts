/** The command line or the configuration cannot be used: the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
