import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Database } from '@parley-apps/postgres';
import { exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { signingKeys } from './signing-keys.table.js';

/** What tokens are signed and verified with. */
export interface SigningKey {
  algorithm: 'HS256' | 'ES256';
  sign: CryptoKey | KeyObject | Uint8Array;
  verify: CryptoKey | KeyObject | Uint8Array;
}

const MIN_SECRET_BYTES = 32;

/** The key that AUTH_SECRET gives. Throws when it is too short to be safe with HS256. */
export function keyOfSecret(secret: string): SigningKey {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new Error(
      `AUTH_SECRET has ${bytes.length} bytes and needs ${MIN_SECRET_BYTES}. "openssl rand -base64 32" makes one.`,
    );
  }
  const key = createSecretKey(bytes);
  return { algorithm: 'HS256', sign: key, verify: key };
}

/** The key that the service's instances share through their database; the first one to start makes it. */
export async function keyOfDatabase(database: Database): Promise<SigningKey> {
  const candidate = await newPrivateKey();
  await database.insert(signingKeys).values({ privateKey: candidate }).onConflictDoNothing();
  const [row] = await database.select().from(signingKeys);
  return keyOfJwk(row?.privateKey ?? candidate);
}

export async function newPrivateKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return exportJWK(privateKey);
}

export async function keyOfJwk(privateKey: JWK): Promise<SigningKey> {
  const { d: _secret, ...publicKey } = privateKey;
  return {
    algorithm: 'ES256',
    sign: await importJWK(privateKey, 'ES256'),
    verify: await importJWK(publicKey, 'ES256'),
  };
}
