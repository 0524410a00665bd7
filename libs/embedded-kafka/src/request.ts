import { NO_RESPONSE, type Api, type Call, type Reply } from './api/api.js';
import { APIS } from './api/registry.js';
import { ErrorCode } from './protocol/errors.js';
import { MalformedRequest } from './protocol/malformed.js';
import { Reader } from './protocol/reader.js';
import { Writer } from './protocol/writer.js';

const API_VERSIONS = 18;
const NO_BYTES = Buffer.alloc(0);

/** A decoded request with what its response needs. */
export interface Request {
  readonly api: Api;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string;
  readonly call: Call;
}

/**
 * Decodes one frame: header, then body. Bytes that follow the body are let be, as Kafka does.
 * @throws MalformedRequest for an API or version that is not served, and for bytes that do not fit the schema
 */
export function decode(frame: Buffer): Request {
  const reader = new Reader(frame);
  const key = reader.int16();
  const version = reader.int16();
  const correlationId = reader.int32();
  const api = APIS.get(key);
  if (!api) throw new MalformedRequest(`API key ${key} is not served`);
  const [min, max] = api.versions;
  if (version < min || version > max) {
    if (key === API_VERSIONS)
      return { api, version: 0, correlationId, clientId: '', call: unknownVersion(api) };
    throw new MalformedRequest(`version ${version} of ${api.name} is not served, only ${min} to ${max}`);
  }

  const clientIdLength = reader.int16();
  const clientId = clientIdLength === -1 ? '' : reader.utf8(clientIdLength);
  if (version >= api.flexibleSince) reader.skipTags();
  return { api, version, correlationId, clientId, call: api.read(reader, version) };
}

/** ApiVersions in a version that is not served is answered in version 0, so that clients learn which are. */
function unknownVersion(api: Api): Call {
  const call = api.read(new Reader(NO_BYTES), 0);
  return { ...call, handle: () => call.refuse(ErrorCode.UNSUPPORTED_VERSION) };
}

/** The response's frame, or undefined where none is sent. */
export function encode({ api, version, correlationId }: Request, reply: Reply): Writer | undefined {
  if (reply === NO_RESPONSE) return undefined;
  const writer = new Writer();
  writer.int32(correlationId);
  // Clients read the answer to ApiVersions before they know which versions are served: its header is never flexible.
  if (version >= api.flexibleSince && api.key !== API_VERSIONS) writer.uvarint(0);
  reply(writer);
  return writer;
}
