import { decodeFrames, encodeFrame, type Frame } from './frame.js';
import { halvesOf } from './parts.js';

/**
 * Two frames that say the same as this one, in order, each about half as large; undefined where there is none. An
 * item that is alone becomes two parts of it.
 */
export function halveFrame(encoded: Buffer): readonly [Buffer, Buffer] | undefined {
  const frame = decodeFrames(encoded)[0];
  const halves = frame && halve(frame);
  return halves && [encodeFrame(halves[0]), encodeFrame(halves[1])];
}

function halve(frame: Frame): readonly [Frame, Frame] | undefined {
  switch (frame.kind) {
    case 'complete': {
      const { callId, execution, total, items } = frame;
      if (items.length === 0) return undefined;
      const next: Frame = { kind: 'next', callId, execution, seq: total - items.length, items };
      return [next, { ...frame, items: [] }];
    }
    case 'next': {
      const { callId, execution, seq, items } = frame;
      if (items.length > 1) {
        const middle = items.length >> 1;
        return [
          { ...frame, items: items.slice(0, middle) },
          { ...frame, seq: seq + middle, items: items.slice(middle) },
        ];
      }
      const [bytes] = items;
      if (!bytes) return undefined;
      const parts = halvesOf({ at: 0, bytes });
      const part = { kind: 'part', callId, execution, seq, size: bytes.length } as const;
      return (
        parts && [
          { ...part, ...parts[0] },
          { ...part, ...parts[1] },
        ]
      );
    }
    case 'part': {
      const parts = halvesOf(frame);
      return (
        parts && [
          { ...frame, ...parts[0] },
          { ...frame, ...parts[1] },
        ]
      );
    }
    default:
      return undefined;
  }
}
