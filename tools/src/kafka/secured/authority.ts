import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const DAY_MS = 24 * 60 * 60 * 1000;
const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate and its private key, as PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** A certificate authority that lives as long as this process: it issues, for a day, and keeps nothing on disk. */
export class Authority {
  private issued = 1;

  private constructor(
    /** Its certificate, as PEM: what those who trust it are given. */
    readonly cert: string,
    private readonly own: x509.X509Certificate,
    private readonly keys: CryptoKeyPair,
  ) {}

  static async create(name: string): Promise<Authority> {
    const keys = await newKeys();
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: `CN=${name}`,
      serialNumber: '01',
      signingAlgorithm: KEYS,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(cert.toString('pem'), cert, keys);
  }

  /** An identity for servers and for clients; `hosts` are DNS names that it holds for, `addresses` IP addresses. */
  async issue(
    name: string,
    { hosts = [], addresses = [] }: { hosts?: readonly string[]; addresses?: readonly string[] } = {},
  ): Promise<Identity> {
    const keys = await newKeys();
    this.issued += 1;
    const names = [
      ...hosts.map(value => ({ type: 'dns' as const, value })),
      ...addresses.map(value => ({ type: 'ip' as const, value })),
    ];
    const cert = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: `CN=${name}`,
      issuer: this.own.subject,
      serialNumber: this.issued.toString(16).padStart(2, '0'),
      signingAlgorithm: KEYS,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { cert: cert.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
  }
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
}

/** From an hour ago, since clocks differ. */
function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS / 24), notAfter: new Date(now + DAY_MS) };
}
