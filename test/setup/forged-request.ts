import { randomBytes } from 'node:crypto';
import type { Message } from 'kafkajs';

const id = (bytes: number) => randomBytes(bytes).toString('base64url');

/** What another program writes that wants the answer of a call on a topic of its choice. */
export function forgedRequest(pattern: string, replyTopic: string, value = '1'): Message {
  const address = `${replyTopic} 0 ${id(9)}`;
  return {
    value,
    headers: { parley: `1 request ${id(16)} ${pattern} ${address} 30000 4096 1 j ${id(16)} 65536 0` },
  };
}
