import type { Command } from 'commander';
import type { Shell } from '../shell.js';
import { addDeadList } from './dead/list.js';
import { addDeadRedrive } from './dead/redrive.js';
import { addDeadShow } from './dead/show.js';

/** `parley dead`: what handlers gave up. */
export function addDead(program: Command, shell: Shell): void {
  const dead = program.command('dead').description('Dead letters: events that a service’s handlers gave up');
  addDeadList(dead, shell);
  addDeadShow(dead, shell);
  addDeadRedrive(dead, shell);
}
