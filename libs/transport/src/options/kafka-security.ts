import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { z } from 'zod';
import type { KafkaOptions } from '../drivers/kafka-options.js';

const secret = z.string('has to be text').min(1, 'is empty');

const sasl = z.discriminatedUnion(
  'mechanism',
  [
    z.strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: secret,
      password: secret,
    }),
    z.strictObject({
      mechanism: z.literal('oauthbearer'),
      oauthBearerProvider: z.custom<() => Promise<{ value: string }>>(
        value => typeof value === 'function',
        'has to be a function that resolves with { value: <token> }',
      ),
    }),
  ],
  { error: 'has to be one of plain, scram-sha-256, scram-sha-512 and oauthbearer, with what goes with it' },
);

const ssl = z
  .union([z.boolean(), z.custom<Exclude<KafkaOptions['ssl'], boolean | undefined>>(isObject)], {
    error: 'has to be true, or an object of Node’s TLS options: ca, cert, key, servername, ...',
  })
  .superRefine((value, context) => {
    if (typeof value !== 'object') return;
    const fault = faultOf(value);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  });

/**
 * How a connection is kept secret, and how this process proves who it is. Certificates and keys are loaded once to see that
 * they can be: what is wrong with them is then known at the start and not at the first connection.
 */
export const kafkaSecurity = { ssl: ssl.optional(), sasl: sasl.optional() };

/** Whether what is at this path of the options may be, or hold, a secret. */
export function holdsSecret(path: readonly PropertyKey[]): boolean {
  return path[0] === 'kafka' && (path[1] === 'sasl' || path[1] === 'ssl');
}

function faultOf(options: SecureContextOptions): string | undefined {
  const { ca, cert, key, pfx } = options;
  if (cert !== undefined && key === undefined && pfx === undefined) return 'has a cert without its key';
  if (key !== undefined && cert === undefined && pfx === undefined) return 'has a key without its cert';
  // Node itself takes no notice of one that it cannot read, and then trusts nobody.
  if (![ca ?? []].flat().every(isCertificate)) return 'has a ca that is no certificate: give PEM, not a path';
  try {
    createSecureContext(options);
    return undefined;
  } catch (error) {
    // OpenSSL names what it could not read, and quotes nothing of it.
    return `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function isCertificate(ca: string | Buffer): boolean {
  try {
    return new X509Certificate(ca).raw.length > 0;
  } catch {
    return false;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
