import { IncomingMessage } from 'node:http';

/** As Node says it where a connection ends in the middle of a request. */
export class Aborted extends Error {
  readonly code = 'ECONNRESET';

  constructor() {
    super('aborted');
  }
}

/** Lets a request's body come as it is read: its caller is asked for as much as the handler has taken. */
export function readUpload(request: IncomingMessage, upload: AsyncIterator<unknown>): void {
  let reading = false;
  const read = async () => {
    const { done, value } = await upload.next();
    reading = false;
    if (done) {
      request.complete = true;
      request.push(null);
    } else if (Buffer.isBuffer(value)) {
      request.push(value);
    } else {
      throw new TypeError(`a piece of a body is bytes, not a ${typeof value}`);
    }
  };
  request._read = size => {
    // Notes that somebody reads, without which it would not ask again.
    IncomingMessage.prototype._read.call(request, size);
    if (reading) return;
    reading = true;
    read().catch(() => request.destroy(new Aborted()));
  };
}
