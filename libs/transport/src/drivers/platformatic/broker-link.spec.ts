import * as client from '@platformatic/kafka';
import { ApiKey, EmbeddedKafka, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { metadataRequest } from '../protocol/metadata.js';
import { Reader } from '../protocol/reader.js';
import { Writer } from '../protocol/writer.js';
import { BrokerLink } from './broker-link.js';

/** What is relied on of the client's connections: one that fails here names what a new version changed. */
describe('a link to a broker', () => {
  let kafka: EmbeddedKafka;
  let link: BrokerLink;
  const onClosed = vi.fn();

  beforeEach(async () => {
    onClosed.mockReset();
    kafka = await EmbeddedKafka.start({ topics: ['a'] });
    const [host = '', port] = kafka.bootstrap.split(':');
    link = new BrokerLink({
      client,
      kafka: { brokers: kafka.brokers, clientId: 'x' },
      address: { host, port: Number(port) },
      onClosed,
    });
  });
  afterEach(async () => {
    link.close();
    await kafka.close();
  });

  const metadata = (timeoutMs = 1_000) =>
    link.send(client.metadataV9.api, [['a', 'unknown'], false, false], timeoutMs);

  it('is usable once it is open, and never again once it is closed', async () => {
    expect(link.usable).toBe(false);
    await expect(metadata()).rejects.toMatchObject({ kind: 'retriable' });
    await link.open(1_000);
    expect(link.usable).toBe(true);
    link.close();
    expect(link.usable).toBe(false);
    expect(onClosed).toHaveBeenCalledOnce();
    await expect(metadata()).rejects.toThrow('was closed');
  });

  it('gives answers whole that hold error codes in parts', async () => {
    await link.open(1_000);
    const { topics } = await metadata();
    expect(topics).toMatchObject([
      { name: 'a', errorCode: 0, partitions: [{ partitionIndex: 0 }] },
      { name: 'unknown', errorCode: 3 },
    ]);
  });

  it('sends a body as it is, and hands the answer on in the turn in which it arrives', async () => {
    await link.open(1_000);
    const request = metadataRequest(['a']);
    const body = new Writer();
    request.write(body);
    const payload = await new Promise<Buffer>((resolve, reject) =>
      link.dispatch(request.api, body.finish(), 1_000, (error, answer) =>
        error ? reject(error) : resolve(answer!),
      ),
    );
    expect(request.read(new Reader(payload)).topics).toMatchObject([{ topic: 'a', errorCode: 0 }]);
  });

  it('closes when an answer is late: the client would take the next answer for it', async () => {
    await link.open(1_000);
    kafka.intercept(ApiKey.Metadata, () => fault.drop);
    const waiting = expect(metadata(5_000)).rejects.toMatchObject({ kind: 'retriable' });
    await expect(metadata(50)).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT' });
    await waiting;
    expect(onClosed).toHaveBeenCalledOnce();
    expect(link.usable).toBe(false);
  });

  it('gives a request longer while the broker throttles', async () => {
    await link.open(1_000);
    kafka.intercept(ApiKey.Metadata, () => fault.delay(200));
    link.throttle(1_000);
    expect((await metadata(50)).topics).toHaveLength(2);
  });

  it('fails what waits when the broker goes away', async () => {
    await link.open(1_000);
    kafka.intercept(ApiKey.Metadata, () => fault.close);
    await expect(metadata()).rejects.toMatchObject({ kind: 'retriable' });
    expect(onClosed).toHaveBeenCalledOnce();
  });
});
