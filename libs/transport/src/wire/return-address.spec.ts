import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { encodeHeader, type RequestHeader } from './header.js';
import { returnAddress } from './return-address.js';

const replyTo = { topic: 'caller.inbox', partition: 3, instance: 'i1' };
const request: RequestHeader = {
  kind: 'request',
  callId: 'c1',
  pattern: 'a pattern',
  replyTo,
  timeoutMs: 1000,
  credit: 1,
  creditBytes: 1,
  resumeFrom: 0,
  attempt: 1,
  contentType: 'j',
  correlationId: 'c1',
};
const line = encodeHeader(request);
const of = (text: string) => returnAddress(Buffer.from(text));

describe('the return address', () => {
  it('is that of a request, in parts or not', () => {
    expect(of(line)).toEqual({ callId: 'c1', replyTo });
    expect(of(encodeHeader({ ...request, partedBytes: 5 }))).toEqual({ callId: 'c1', replyTo });
  });

  it('is read of other versions, and where another field is wrong', () => {
    expect(of(line.replace('1 ', '7 '))).toEqual({ callId: 'c1', replyTo });
    expect(of(line.replace(' 1000 ', ' -1 '))).toEqual({ callId: 'c1', replyTo });
  });

  it('is none where the record is no request, or its address is wrong', () => {
    expect(returnAddress(undefined)).toBeUndefined();
    const wrong = [
      line.replace('request', 'event'),
      line.replace('caller.inbox', '../x'),
      line.replace(' 3 ', ' -3 '),
      line.replace(' i1 ', ' i\u00001 '),
      '1 request c1',
      '',
    ];
    for (const text of wrong) expect(of(text)).toBeUndefined();
  });

  test.prop([fc.uint8Array({ maxLength: 5000 })])('is looked for in any bytes without harm', bytes => {
    expect(() => returnAddress(Buffer.from(bytes))).not.toThrow();
  });
});
