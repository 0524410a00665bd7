import { gunzipSync, gzipSync } from 'node:zlib';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

const heard: unknown[] = [];

@Controller()
class ListeningController {
  @EventPattern('report.made')
  made(@Payload() data: unknown): void {
    heard.push(data);
  }

  @EventPattern('report.read')
  read(@Payload() data: unknown): void {
    heard.push(data);
  }

  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

describe('compression', () => {
  const services = new Services();
  const gzip = { compress: vi.fn((bytes: Buffer) => gzipSync(bytes)), decompress: vi.fn(gunzip) };
  const large = 'report '.repeat(1_000);

  /** Of one event topic, by a codec that can be watched. */
  const compressing = {
    kafka: { brokers: inject('brokers'), codecs: { gzip } },
    topics: { events: { partitions: 1, compression: { [`${services.prefix}report.made`]: 'gzip' } } },
  } as const;

  beforeAll(async () => {
    await services.start('listener', [ListeningController], compressing);
  });
  beforeEach(() => {
    heard.length = 0;
    gzip.compress.mockClear();
    gzip.decompress.mockClear();
  });
  afterAll(() => services.stop());

  it('is of the event topics that are named, and any Kafka client reads them', async () => {
    const client = services.client('listener', compressing);
    await firstValueFrom(client.emit('report.made', large));
    await firstValueFrom(client.emit('report.read', large));
    await vi.waitFor(() => expect(heard).toEqual([large, large]));
    expect(gzip.compress).toHaveBeenCalledOnce();
    expect(gzip.decompress).toHaveBeenCalledOnce();
    const [record] = await readTopic(`${services.prefix}report.made`);
    expect(record?.value).toContain(large);
  });

  it('is of no call and no reply', async () => {
    const client = services.client('listener', compressing);
    expect(await firstValueFrom(client.send('echo', large))).toBe(large);
    expect(gzip.compress).not.toHaveBeenCalled();
  });
});

function gunzip(bytes: Buffer): Buffer {
  return gunzipSync(bytes);
}
