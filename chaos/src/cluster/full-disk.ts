import { Transform, type TransformCallback } from 'node:stream';
import { ApiKey, ErrorCode, FrameSplitter, refuseFrame } from '@parley/embedded-kafka';

/**
 * One connection to a broker whose disk is full: what is produced is refused in its place, all else is passed on to it.
 * Answers leave in the order of their requests, as a broker's do. Every request is taken to want an answer, which those
 * of a producer without acknowledgements do not.
 */
export class FullDisk {
  /** For each request that is not answered yet, in their order: its answer, or undefined where the broker makes it. */
  readonly #answers: (Buffer | undefined)[] = [];

  constructor(private readonly isFull: () => boolean) {}

  readonly requests = eachFrame((frame, pass) => {
    const refused = this.isFull() && frame.readInt16BE(0) === ApiKey.Produce;
    this.#answers.push(refused ? refuseFrame(frame, ErrorCode.KAFKA_STORAGE_ERROR) : undefined);
    if (refused) this.#answer();
    else pass(frame);
  });

  readonly responses = eachFrame((frame, pass) => {
    this.#answers.shift();
    pass(frame);
    this.#answer();
  });

  #answer(): void {
    while (this.#answers[0]) this.responses.push(this.#answers.shift());
  }
}

/** Tells of each frame, without its length, and how to pass one on. */
function eachFrame(take: (frame: Buffer, pass: (frame: Buffer) => void) => void): Transform {
  const splitter = new FrameSplitter();
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
      try {
        for (const frame of splitter.push(chunk)) take(frame, pass);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const pass = (frame: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(frame.length);
    stream.push(length);
    stream.push(frame);
  };
  return stream;
}
