import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BrokerProxy } from './broker-proxy.js';

describe('a proxy of a broker', () => {
  let broker: Server;
  let proxy: BrokerProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    broker = createServer(socket => socket.on('error', () => {}).pipe(socket));
    broker.listen(0, '127.0.0.1');
    await once(broker, 'listening');
    const { port } = broker.address() as AddressInfo;
    proxy = await BrokerProxy.listen(() => port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    broker.close();
  });

  /** A client, and all that has come back to it. */
  function open() {
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    const client = { socket, echoed: '', closed: false };
    socket.on('error', () => {});
    socket.on('data', chunk => (client.echoed += chunk.toString()));
    socket.on('close', () => (client.closed = true));
    return client;
  }

  async function echo(client: ReturnType<typeof open>, text: string): Promise<void> {
    client.socket.write(text);
    await vi.waitFor(() => expect(client.echoed).toBe(text));
    client.echoed = '';
  }

  it('passes everything on, in order', async () => {
    const client = open();
    await echo(client, 'hello');
    await echo(client, 'x'.repeat(1_000_000));
  });

  it('cuts what is open, and takes new connections', async () => {
    const client = open();
    await echo(client, 'hello');
    proxy.cut();
    await vi.waitFor(() => expect(client.closed).toBe(true));
    await echo(open(), 'again');
  });

  it('holds everything back while silent, and loses none of it', async () => {
    const client = open();
    await echo(client, 'hello');
    proxy.setWeather({ kind: 'silent' });
    client.socket.write('a');
    const late = open();
    late.socket.write('b');
    await once(late.socket, 'connect');
    proxy.setWeather({ kind: 'clear' });
    await vi.waitFor(() => expect([client.echoed, late.echoed]).toEqual(['a', 'b']));
  });

  it('passes nothing on while silent', async () => {
    const client = open();
    await echo(client, 'hello');
    proxy.setWeather({ kind: 'silent' });
    client.socket.write('a');
    const other = await BrokerProxy.listen(() => (broker.address() as AddressInfo).port);
    const witness = connect(other.port, '127.0.0.1');
    clients.push(witness);
    witness.write('b');
    await once(witness, 'data');
    expect(client.echoed).toBe('');
    await other.close();
  });

  it('cuts and takes nothing while refusing', async () => {
    const client = open();
    await echo(client, 'hello');
    proxy.setWeather({ kind: 'refusing' });
    const late = open();
    await vi.waitFor(() => expect([client.closed, late.closed]).toEqual([true, true]));
    proxy.setWeather({ kind: 'clear' });
    await echo(open(), 'again');
  });

  it('passes everything on late while slow', async () => {
    const client = open();
    await echo(client, 'hello');
    proxy.setWeather({ kind: 'slow', byMs: 50 });
    const from = performance.now();
    await echo(client, 'late');
    expect(performance.now() - from).toBeGreaterThanOrEqual(98); // There and back.
  });

  it('ends a client whose broker is gone', async () => {
    const client = open();
    await echo(client, 'hello');
    broker.close();
    const gone = once(broker, 'close');
    proxy.cut();
    await gone;
    const late = open();
    await vi.waitFor(() => expect(late.closed).toBe(true));
  });
});
