import { EXIT, type ExitCode } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** What every command gets. A command that does not end well throws, or says so here. */
export class Shell {
  exitCode: ExitCode = EXIT.done;

  constructor(readonly terminal: Terminal) {}
}
