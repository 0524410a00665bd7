import { decode, encode } from './request.js';

/**
 * The whole frame by which a broker answers that it refuses all that a request asks for; for proxies of real brokers.
 * `request` is a frame without its length, as FrameSplitter gives it.
 * @throws MalformedRequest for an API or version that this broker does not serve, and for bytes that do not fit it
 */
export function refuseFrame(request: Buffer, code: number): Buffer {
  const decoded = decode(request);
  return Buffer.concat(encode(decoded, decoded.call.refuse(code))?.frame() ?? []);
}
