import type { Link } from '../../link/link.js';
import type { RequestHeader } from '../../wire/header.js';
import type { ReturnAddress } from '../../wire/return-address.js';
import type { Status } from '../../wire/status.js';
import { acceptOf } from './accept-of.js';
import { ReplyStream } from './reply-stream.js';

/**
 * Answers a request without a handler; resolves once the answer has left, or cannot. `offered`: the execution that its
 * client has been told of.
 */
export function refuseRequest(
  link: Link,
  request: ReturnAddress & Pick<RequestHeader, 'resumeFrom'>,
  status: Status,
  offered?: string,
): Promise<void> {
  const execution = offered ?? link.newExecutionId();
  return new Promise<void>(settled => {
    const reply = new ReplyStream({
      accept: acceptOf(link, request.callId, execution, {}),
      credit: { items: 0, bytes: 0 },
      resumeFrom: request.resumeFrom,
      announced: offered !== undefined,
      introduced: true,
      keepLatest: false,
      post: (source, bytes) => link.sender.post(request.replyTo, source, bytes),
      onAnnounced: () => undefined,
      onStreaming: () => undefined,
      onSettled: settled,
    });
    reply.fail(status);
  });
}
