import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayClient, withStatus } from './gateway-client.js';
import { LiveNotifications } from './live-notifications.js';

/** Stands in for the gateway: answers with what it was sent, and streams two notifications. */
let server: Server;
let gateway: GatewayClient;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/notifications/live?access_token=a%2Bb') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const kind of ['welcome', 'session'])
        response.write(`data: ${JSON.stringify({ id: kind, kind })}\n\n`);
      return;
    }
    const { method, url, headers } = request;
    response.writeHead(method === 'GET' ? 200 : 201);
    response.end(JSON.stringify({ method, url, authorization: headers.authorization }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  gateway = new GatewayClient(`http://127.0.0.1:${port}`, new AbortController().signal);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('GatewayClient', () => {
  it('sends the token, and hands status and body on', async () => {
    await expect(gateway.notifications('secret')).resolves.toEqual({
      status: 200,
      body: { method: 'GET', url: '/notifications', authorization: 'Bearer secret' },
    });
  });

  it('streams notifications, each awaited by its kind', async () => {
    const live = new LiveNotifications(gateway.live('a+b'));
    await expect(live.arrive('session')).resolves.toMatchObject({ id: 'session' });
    await expect(live.arrive('welcome')).resolves.toMatchObject({ id: 'welcome' });
    live.close();
  });
});

describe('withStatus', () => {
  it('shows the answer when its status is another', async () => {
    await expect(withStatus(409, gateway.signUp({}))).rejects.toThrow(
      'expected status 409, got 201: {"method":"POST"',
    );
    await expect(withStatus(201, gateway.signUp({}))).resolves.toMatchObject({ url: '/users' });
  });
});
