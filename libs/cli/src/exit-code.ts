/** What the process says to its caller. */
export const EXIT = {
  done: 0,
  /** It could not be done, or not all of it. */
  failed: 1,
  /** The command line or the configuration cannot be used; nothing was done. */
  usage: 2,
  /** Ended by Ctrl-C, in order: what was begun is finished and committed. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
