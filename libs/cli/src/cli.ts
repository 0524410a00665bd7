import { Logger } from '@nestjs/common';
import { ParleyException } from '@parley/transport';
import { Command, CommanderError } from 'commander';
import { addDead } from './commands/dead.js';
import { addTopology } from './commands/topology.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { printable } from './output/printable.js';
import { Shell } from './shell.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Runs one command line, without the names of node and script. Resolves with the exit code; never rejects. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  // What the transport logs would mix with what was asked for; what goes wrong is thrown as well.
  Logger.overrideLogger(false);
  const shell = new Shell(terminal);
  const program = new Command('parley')
    .description('Looks after services that speak through Parley')
    .exitOverride()
    .configureOutput({ writeOut: text => terminal.out(text), writeErr: text => terminal.err(text) })
    .showHelpAfterError('(--help tells what there is)');
  addDead(program, shell);
  addTopology(program, shell);
  try {
    await program.parseAsync(args, { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    return told(error, terminal);
  }
}

function told(error: unknown, terminal: Terminal): ExitCode {
  // Commander has told it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (terminal.signal.aborted) {
    terminal.err('parley: interrupted\n');
    return EXIT.interrupted;
  }
  const status = error instanceof ParleyException ? `${error.status}: ` : '';
  terminal.err(`parley: ${status}${printable(error instanceof Error ? error.message : String(error))}\n`);
  // The transport raises TypeError for options that it cannot use.
  return error instanceof UsageError || error instanceof TypeError ? EXIT.usage : EXIT.failed;
}
