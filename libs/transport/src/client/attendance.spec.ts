import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../drivers/driver.js';
import { ANSWER_COUNTS_MS, ANSWER_WITHIN_MS, Attendance } from './attendance.js';

function make(members: () => Promise<number>) {
  const asked = vi.fn(members);
  const open = vi.fn(() => Promise.resolve());
  const link = { isOpen: true, open, driver: { members: asked } as unknown as Driver };
  return { attendance: new Attendance(link, 'user', 'user.calls'), asked, link };
}

const nobody = { status: 'UNAVAILABLE', message: expect.stringMatching(/^no instance of user/) as string };

describe('Attendance', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('confirms where somebody is there, and fails UNAVAILABLE where nobody is', async () => {
    let members = 1;
    const { attendance, asked } = make(async () => members);
    await attendance.confirm(1000);
    expect(asked).toHaveBeenCalledWith('user.calls');
    members = 0;
    vi.advanceTimersByTime(ANSWER_COUNTS_MS);
    await expect(attendance.confirm(1000)).rejects.toMatchObject(nobody);
  });

  it('asks once for calls at the same time, and once in a second', async () => {
    const { attendance, asked } = make(async () => 0);
    const confirmed = () => attendance.confirm(1000).catch((error: unknown) => error);
    const outcomes = await Promise.all(Array.from({ length: 50 }, confirmed));
    for (const outcome of outcomes) expect(outcome).toMatchObject(nobody);
    vi.advanceTimersByTime(ANSWER_COUNTS_MS - 1);
    expect(await confirmed()).toMatchObject(nobody);
    expect(asked).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    await confirmed();
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('takes a refusal to say for no answer', async () => {
    const { attendance, asked } = make(() => Promise.reject(new Error('not authorised')));
    await attendance.confirm(1000);
    await attendance.confirm(1000);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('holds nobody back for longer than its time by a broker that does not answer, and asks it no second time', async () => {
    let answer: (members: number) => void = () => undefined;
    const { attendance, asked } = make(() => new Promise(resolve => (answer = resolve)));
    const confirmed = attendance.confirm(30_000);
    await vi.advanceTimersByTimeAsync(ANSWER_WITHIN_MS);
    await confirmed;
    await attendance.confirm(30_000);
    expect(asked).toHaveBeenCalledTimes(1);
    answer(0);
    await vi.advanceTimersByTimeAsync(0);
    await expect(attendance.confirm(30_000)).rejects.toMatchObject(nobody);
  });

  it('forgets an answer that nobody renewed', async () => {
    let answer: (members: number) => void = () => undefined;
    const { attendance } = make(() => new Promise(resolve => (answer = resolve)));
    const first = attendance.confirm(1000);
    await vi.advanceTimersByTimeAsync(0);
    answer(0);
    await expect(first).rejects.toMatchObject(nobody);
    vi.advanceTimersByTime(ANSWER_COUNTS_MS);
    const second = attendance.confirm(1000);
    await vi.advanceTimersByTimeAsync(ANSWER_WITHIN_MS);
    await second;
    answer(1);
    await vi.advanceTimersByTimeAsync(0);
  });

  it('opens the link first, and fails as that does', async () => {
    const { attendance, asked, link } = make(async () => 1);
    link.isOpen = false;
    await attendance.confirm(500);
    expect(link.open).toHaveBeenCalledWith(500);
    link.open.mockRejectedValue(new Error('no Kafka'));
    await expect(attendance.confirm(500)).rejects.toMatchObject({
      status: 'UNAVAILABLE',
      message: 'no Kafka',
    });
    expect(asked).toHaveBeenCalledTimes(1);
  });
});
