import { type Body, bodyWith } from '../body.js';

/** More calls than one process makes in a run. */
const CALLS_A_PROCESS = 100_000_000;

/** What a call sends: no other call of the whole fleet sends the same. `process` is above 0. */
export function question(process: number, call: number): Body {
  return bodyWith(process * CALLS_A_PROCESS + (call % CALLS_A_PROCESS));
}

/** Which call of which process sent it. */
export function askerOf({ id }: Body): { process: number; call: number } {
  return { process: Math.floor(id / CALLS_A_PROCESS), call: id % CALLS_A_PROCESS };
}
