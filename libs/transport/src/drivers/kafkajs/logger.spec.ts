import { logLevel } from 'kafkajs';
import { describe, expect, it, vi } from 'vitest';
import { kafkajsLog } from './logger.js';

function logged(namespace: string, level: logLevel, log: Record<string, unknown> & { message: string }) {
  const logger = { log: vi.fn(), error: vi.fn(), warn: vi.fn(), debug: vi.fn() };
  kafkajsLog(logger)(logLevel.WARN)({
    namespace,
    level,
    label: '',
    log: { timestamp: '', logger: '', ...log },
  });
  return logger;
}

describe('kafkajsLog', () => {
  it('tells where and what, and never payloads or secrets', () => {
    const logger = logged('Consumer', logLevel.ERROR, {
      message: 'Crash: it broke',
      groupId: 'g',
      payload: 'a secret',
      password: 'a secret',
      error: { buffer: 'a secret' },
    });
    expect(logger.error).toHaveBeenCalledWith(
      'kafkajs Consumer: Crash: it broke (groupId=g)',
      undefined,
      'ParleyKafka',
    );
  });

  it('keeps quiet about connections that break, since the driver tells what comes of it', () => {
    const logger = logged('Connection', logLevel.ERROR, { message: 'Connection error', broker: 'b:1' });
    expect(logger.error).not.toHaveBeenCalled();
    expect(logger.debug).toHaveBeenCalledWith(
      'kafkajs Connection: Connection error (broker=b:1)',
      'ParleyKafka',
    );
  });

  it('keeps quiet about rebalances', () => {
    const logger = logged('Runner', logLevel.ERROR, { message: 'The group is rebalancing, re-joining' });
    expect(logger.error).not.toHaveBeenCalled();
    expect(logger.warn).not.toHaveBeenCalled();
    expect(logger.debug).toHaveBeenCalledOnce();
  });
});
