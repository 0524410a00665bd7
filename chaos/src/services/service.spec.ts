import { ApiKey, EmbeddedKafka, ErrorCode, fault } from '@parley/embedded-kafka';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemoryNotebook } from '../journal/journal.js';
import { startServices } from './service.js';

describe('the services', () => {
  let kafka: EmbeddedKafka;
  beforeAll(async () => {
    kafka = await EmbeddedKafka.start();
  });
  afterAll(() => kafka.close());

  it('leave nothing open where one of them cannot listen', async () => {
    const before = openSockets();
    kafka.inject({ api: ApiKey.JoinGroup }, fault.error(ErrorCode.GROUP_AUTHORIZATION_FAILED));
    const options = { kafka: { brokers: kafka.brokers }, prefix: 'unheard-' };
    await expect(startServices(options, new MemoryNotebook(), ['fatal'])).rejects.toThrow(
      'GROUP_AUTHORIZATION_FAILED',
    );
    // The broker's ends follow those of the clients.
    await vi.waitFor(() => expect(openSockets()).toBe(before));
  });
});

function openSockets(): number {
  return process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length;
}
