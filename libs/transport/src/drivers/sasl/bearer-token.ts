import { DriverError } from '../driver.js';
import { messageOf, SASL_REFUSED } from '../errors.js';
import type { OauthBearer } from '../kafka-options.js';

/** Tokens are printable ASCII: what surrounds one in the message to the broker cannot be in it. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Asks for a token, for one connection. Rejects with a DriverError that does not quote what was given: what is no token in
 * the right place may be one in another.
 */
export async function bearerToken({ oauthBearerProvider }: OauthBearer): Promise<string> {
  let given: { value?: unknown } | null | undefined;
  try {
    given = await oauthBearerProvider();
  } catch (cause) {
    const message = `kafka.sasl.oauthBearerProvider gave no token: ${messageOf(cause)}`;
    throw new DriverError('retriable', message, undefined, { cause });
  }
  const value = given?.value;
  if (typeof value === 'string' && TOKEN.test(value)) return value;
  throw new DriverError(
    'retriable',
    'kafka.sasl.oauthBearerProvider gave no token: it has to resolve with { value }, a string of printable ASCII',
    SASL_REFUSED,
  );
}

/** What a client begins with: https://www.rfc-editor.org/rfc/rfc7628#section-3.1. */
export function bearerMessage(token: string): Buffer {
  return Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`);
}

/**
 * Why a broker refuses a token; undefined where it has taken it. It says so in an answer without an error code, which
 * clients take for a success: the next request then fails for a reason that tells nobody what is wrong.
 */
export function bearerRefusal(answer: Buffer): DriverError | undefined {
  if (answer.length === 0) return undefined;
  return new DriverError(
    'retriable',
    `the broker refuses the token${statusOf(answer)}: it is expired, or not for this cluster`,
    SASL_REFUSED,
  );
}

/** As the broker names what is wrong: `{"status":"invalid_token"}`. */
function statusOf(answer: Buffer): string {
  try {
    const { status } = JSON.parse(answer.toString()) as { status?: unknown };
    return typeof status === 'string' ? ` (${status.slice(0, 100)})` : '';
  } catch {
    return '';
  }
}
