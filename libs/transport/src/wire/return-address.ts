import { PARTED, type RequestHeader } from './header.js';
import { count, id } from './line.js';

/** What is known of a request that cannot be read otherwise: enough to answer it. */
export type ReturnAddress = Pick<RequestHeader, 'callId' | 'replyTo'>;

const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;
/** Beyond this no address is looked for. */
const MAX_LENGTH = 1024;

/**
 * Where a request wants its answer, of whatever version it is and whatever else is wrong with it: every version has
 * these fields in these places. Undefined where they are not there.
 */
export function returnAddress(line: Buffer | undefined): ReturnAddress | undefined {
  if (!line) return undefined;
  const fields = line.toString('latin1', 0, Math.min(line.length, MAX_LENGTH)).split(' ');
  const from = fields[1] === 'request' ? 2 : fields[1] === PARTED ? 3 : undefined;
  if (from === undefined) return undefined;
  const [callId, , topic, partition, instance] = fields.slice(from);
  if (topic === undefined || !TOPIC.test(topic)) return undefined;
  try {
    return {
      callId: id(callId, 'call id'),
      replyTo: { topic, partition: count(partition, 'partition'), instance: id(instance, 'instance') },
    };
  } catch {
    return undefined;
  }
}
