import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyRecordBuilder, type ParleyClient, type ParleyContext } from '@parley/transport';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

const left = vi.fn<(why: string) => void>();

@Controller()
class UploadsController {
  @MessagePattern('sum')
  async sum(@Payload() start: number, @Ctx() context: ParleyContext): Promise<number> {
    let sum = start;
    for await (const item of context.upload!) sum += item as number;
    return sum;
  }

  @MessagePattern('double')
  async *double(_: unknown, @Ctx() context: ParleyContext): AsyncGenerator<number> {
    for await (const item of context.upload!) yield (item as number) * 2;
  }

  @MessagePattern('first')
  async first(_: unknown, @Ctx() context: ParleyContext): Promise<unknown> {
    for await (const item of context.upload!) return item;
    return undefined;
  }

  @MessagePattern('ignore')
  ignore(_: unknown, @Ctx() context: ParleyContext): string {
    return context.upload ? 'not read' : 'none';
  }

  @MessagePattern('until cut')
  async untilCut(_: unknown, @Ctx() context: ParleyContext): Promise<void> {
    try {
      for await (const item of context.upload!) left(`took ${String(item)}`);
      left('whole');
    } catch (error) {
      left((error as Error).message);
    }
  }
}

describe('an upload', () => {
  const services = new Services();
  let client: ParleyClient;

  const send = <T>(pattern: string, upload: AsyncIterable<unknown>, data: unknown = 0) =>
    client.send<T>(pattern, new ParleyRecordBuilder(data).setUpload(upload).setTimeout(10_000).build());

  beforeAll(async () => {
    await services.start('taker', [UploadsController]);
    client = services.client('taker');
  });
  afterAll(() => services.stop());

  it('is taken item by item, and answered', async () => {
    async function* numbers() {
      for (let n = 1; n <= 10_000; n += 1) yield n;
    }
    expect(await lastValueFrom(send<number>('sum', numbers(), 7))).toBe(50_005_007);
  });

  it('and its answer go on side by side', async () => {
    let answered: (() => void) | undefined;
    async function* inTurn() {
      for (let n = 1; n <= 3; n += 1) {
        const answer = new Promise<void>(resolve => (answered = resolve));
        yield n;
        await answer;
      }
    }
    const doubled: number[] = [];
    for await (const value of send<number>('double', inTurn())) {
      doubled.push(value);
      answered?.();
    }
    expect(doubled).toEqual([2, 4, 6]);
  });

  it('that is not taken to its end is not read to it, and its source is told', async () => {
    const returned = vi.fn<() => void>();
    let given = 0;
    async function* endless() {
      try {
        for (;;) yield (given += 1);
      } finally {
        returned();
      }
    }
    expect(await firstValueFrom(send('first', endless()))).toBe(1);
    await vi.waitFor(() => expect(returned).toHaveBeenCalled());
    expect(given).toBeLessThan(20_000);
  });

  it('that nobody asks for is not read at all', async () => {
    const read = vi.fn<() => void>();
    async function* unread() {
      read();
      yield 1;
    }
    expect(await firstValueFrom(send('ignore', unread()))).toBe('not read');
    expect(read).not.toHaveBeenCalled();
    expect(await firstValueFrom(client.send('ignore', 0))).toBe('none');
  });

  it('whose source fails ends the call with what it threw, and the handler hears that it is not whole', async () => {
    left.mockClear();
    const broken = new Error('the disk is gone');
    async function* failing() {
      yield 1;
      throw broken;
    }
    await expect(lastValueFrom(send('until cut', failing()))).rejects.toBe(broken);
    await vi.waitFor(() => expect(left).toHaveBeenCalledWith(expect.stringContaining('cut off')));
    expect(left).not.toHaveBeenCalledWith('whole');
  });

  it('whose caller leaves is cut off', async () => {
    left.mockClear();
    async function* endless() {
      yield 'a';
      await new Promise(() => undefined);
    }
    const call = send('until cut', endless()).subscribe();
    await vi.waitFor(() => expect(left).toHaveBeenCalledWith('took a'), { timeout: 5000 });
    call.unsubscribe();
    await vi.waitFor(() => expect(left).toHaveBeenCalledWith(expect.stringContaining('cut off')), {
      timeout: 5000,
    });
  });

  it('is never sent twice', async () => {
    async function* numbers() {
      yield 1;
    }
    const once = numbers();
    expect(await lastValueFrom(send('sum', once))).toBe(1);
    await expect(lastValueFrom(send('sum', once))).rejects.toMatchObject({ status: 'ABORTED' });
  });

  it('is refused where nothing could carry it, and is not read', async () => {
    const read = vi.fn<() => void>();
    async function* unread() {
      read();
      yield 1;
    }
    const record = new ParleyRecordBuilder(0).setUpload(unread()).build();
    const stock = services.client('taker', { transport: 'nest-kafka' });
    const refused = [
      [client.emit('happened', record), 'an event carries no upload, and happened was given one'],
      [client.collect('sum', record), 'a question to many carries no upload, and sum was given one'],
      [stock.send('sum', record), "Nest's built-in transport carries no upload, and sum was given one"],
    ] as const;
    for (const [reply, message] of refused) {
      await expect(lastValueFrom<unknown>(reply)).rejects.toMatchObject({
        status: 'INVALID_ARGUMENT',
        message: expect.stringContaining(message),
      });
    }
    expect(read).not.toHaveBeenCalled();
  });
});
