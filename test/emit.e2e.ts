import { ApiKey, EmbeddedKafka, ErrorCode, fault } from '@parley/embedded-kafka';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ParleyRecordBuilder, type RecordMetadata } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

/** Every Produce request of which `fails` says so is refused, not answered or cut off, in turn. */
function unreliable(kafka: EmbeddedKafka, fails: (request: number) => boolean): () => void {
  const faults = [fault.error(ErrorCode.NOT_ENOUGH_REPLICAS), fault.dropResponse, fault.closeAfter];
  let request = 0;
  return kafka.intercept(ApiKey.Produce, () => {
    request += 1;
    return fails(request) ? faults[request % faults.length] : undefined;
  });
}

describe('emit', () => {
  const services = new Services();
  let kafka: EmbeddedKafka;
  beforeAll(async () => void (kafka = await EmbeddedKafka.start()));
  afterAll(async () => {
    await services.stop();
    await kafka.close();
  });

  it('keeps the order of a key and loses nothing where produce requests fail, and tells each event’s place', async () => {
    const heard: number[] = [];
    @Controller()
    class ListeningController {
      @EventPattern('step')
      on(@Payload() n: number): void {
        heard.push(n);
      }
    }
    const options = { kafka: { brokers: kafka.bootstrap, requestTimeoutMs: 500 } };
    await services.start('steps', [ListeningController], options);
    const client = services.client('steps', options);
    const stop = unreliable(kafka, request => request % 2 === 0);
    const steps = Array.from({ length: 100 }, (_, n) => n);
    const places: RecordMetadata[] = [];
    for (let from = 0; from < steps.length; from += 10) {
      const sent = steps
        .slice(from, from + 10)
        .map(n =>
          firstValueFrom(client.emit<RecordMetadata>('step', new ParleyRecordBuilder(n).setKey('k').build())),
        );
      places.push(...(await Promise.all(sent)));
    }
    stop();
    const offsets = places.map(({ offset }) => offset);
    expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
    expect(new Set(places.map(({ topic, partition }) => `${topic}/${partition}`)).size).toBe(1);
    await vi.waitFor(() => expect(new Set(heard).size).toBe(steps.length), { timeout: 15_000 });
    // What was sent again may be there twice: each time in its order.
    const first = steps.map(n => heard.indexOf(n));
    expect(first).toEqual(first.toSorted((a, b) => a - b));
  });

  it('fails with a status within its time-out while no broker acknowledges', async () => {
    const client = services.client('nobody', {
      kafka: { brokers: kafka.bootstrap, requestTimeoutMs: 500 },
    });
    await firstValueFrom(client.emit('lost', 'before'));
    const stop = unreliable(kafka, () => true);
    const begun = performance.now();
    const event = new ParleyRecordBuilder('x').setTimeout(700).build();
    await expect(firstValueFrom(client.emit('lost', event))).rejects.toMatchObject({
      status: 'DEADLINE_EXCEEDED',
    });
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(600);
    expect(took).toBeLessThan(2000);
    stop();
    await firstValueFrom(client.emit('lost', 'after'));
  });
});
