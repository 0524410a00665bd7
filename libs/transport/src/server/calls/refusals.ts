import type { RequestHeader } from '../../wire/header.js';
import type { Status } from '../../wire/status.js';

export const DRAINING: Status = { code: 'UNAVAILABLE', message: 'the server is draining' };

export function unimplemented(service: string, pattern: string): Status {
  return {
    code: 'UNIMPLEMENTED',
    message: `service ${service} has no handler for ${JSON.stringify(pattern)}`,
  };
}

export function notResumable({ pattern, resumeFrom }: RequestHeader): Status {
  return {
    code: 'UNAVAILABLE',
    message: `the stream of ${pattern} was lost after ${resumeFrom} items, and this server's handler is not marked resumable`,
  };
}

export function mayHaveRun({ pattern }: RequestHeader): Status {
  return {
    code: 'ABORTED',
    message: `the call of ${pattern} may have run on a server that died, and its handler is not to run twice`,
  };
}

export function tooManyWait({ pattern }: RequestHeader): Status {
  return {
    code: 'RESOURCE_EXHAUSTED',
    message: `the handler of ${JSON.stringify(pattern)} runs only so many calls at a time in this instance, and no more may wait for it`,
  };
}

export function tooManyStreams(limit: number): Status {
  return { code: 'RESOURCE_EXHAUSTED', message: `the server has ${limit} streams open, which is its limit` };
}
