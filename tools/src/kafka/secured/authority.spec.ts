import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authority } from './authority.js';

describe('an authority', () => {
  let authority: Authority;
  let server: ReturnType<typeof createServer>;
  beforeEach(async () => {
    authority = await Authority.create('authority');
    const identity = await authority.issue('broker', { hosts: ['localhost'], addresses: ['127.0.0.1'] });
    server = createServer({ ...identity, ca: authority.cert, requestCert: true, rejectUnauthorized: false });
    server.on('secureConnection', socket =>
      socket.end(socket.authorized ? socket.getPeerCertificate().subject.CN : 'nobody'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => server.close());

  function open(options: object): TLSSocket {
    return connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...options });
  }

  it('issues what both ends of a connection trust', async () => {
    const socket = open({ ca: authority.cert, ...(await authority.issue('carol')) });
    expect(await greeting(socket)).toBe('carol');
  });

  it('vouches for no other name, and for nothing that another has issued', async () => {
    const identity = await authority.issue('carol');
    const misnamed = open({ ca: authority.cert, ...identity, servername: 'elsewhere' });
    await expect(once(misnamed, 'data')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const other = await Authority.create('other');
    const distrustful = open({ ca: other.cert, ...identity });
    await expect(once(distrustful, 'data')).rejects.toThrow('certificate');
    const stranger = open({ ca: authority.cert, ...(await other.issue('carol')) });
    expect(await greeting(stranger)).toBe('nobody');
  });
});

async function greeting(socket: TLSSocket): Promise<string> {
  const [words] = (await once(socket, 'data')) as [Buffer];
  return words.toString();
}
