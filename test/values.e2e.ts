import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

@Controller()
class EchoController {
  @MessagePattern('echo')
  echo(@Payload() value: unknown): unknown {
    return value;
  }

  @MessagePattern('typeof')
  typeOf(@Payload() value: unknown): string {
    return value === null ? 'null' : typeof value;
  }
}

describe('values', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('echo', [EchoController]);
  });
  afterAll(() => services.stop());

  it.each([
    0,
    1.5,
    true,
    false,
    null,
    undefined,
    '',
    '42',
    'true',
    '{"json":"looking"}',
    [],
    {},
    { value: 1, other: 2 },
    { value: { value: 'x' } },
    Buffer.from([0, 1, 255]),
    { nested: [Buffer.from('bytes')] },
    'ünïcødé 🎉',
  ])('%j comes back as it was', async value => {
    const client = services.client('echo');
    expect(await lastValueFrom(client.send('echo', value))).toStrictEqual(value);
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [7, 'number'],
    ['7', 'string'],
  ])('%j reaches the handler as %s', async (value, type) => {
    expect(await lastValueFrom(services.client('echo').send('typeof', value))).toBe(type);
  });

  it('that cannot be written fail the call with INVALID_ARGUMENT', async () => {
    const call = lastValueFrom(services.client('echo').send('echo', { big: 1n }));
    await expect(call).rejects.toMatchObject({ status: 'INVALID_ARGUMENT' });
  });
});
