import { describe, expect, it, vi } from 'vitest';
import { driverFactory } from '../drivers.js';
import { loadClient } from './client.js';

const imported = vi.hoisted(() => vi.fn());
vi.mock('@platformatic/kafka', async original => {
  imported();
  return original();
});

vi.mock('./client.js', async original => {
  const actual = await original<{ loadClient: typeof loadClient }>();
  return { loadClient: vi.fn(actual.loadClient) };
});

const SILENT = { log() {}, error() {}, warn() {}, debug() {} };

describe('the package @platformatic/kafka', () => {
  it('is imported only when the driver that needs it connects', async () => {
    const options = { brokers: ['127.0.0.1:1'], clientId: 'x' };
    const driver = driverFactory('platformatic')(options, SILENT as never);
    driverFactory('kafkajs')(options, SILENT as never);
    driver.unwrap();
    expect(loadClient).not.toHaveBeenCalled();
    expect(imported).not.toHaveBeenCalled();
    await expect(driver.connect()).rejects.toMatchObject({ kind: 'retriable' });
    expect(imported).toHaveBeenCalledOnce();
    await driver.close({ drainMs: 0 });
  });

  it('is asked for by name, with the command that installs it, where it is missing', async () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    const loading = expect(loadClient(() => Promise.reject(missing))).rejects;
    await loading.toMatchObject({ name: 'DriverError', kind: 'permanent', cause: missing });
    await loading.toThrow('npm install @platformatic/kafka@^1.35.0');
  });

  it('is named with what is wrong where it cannot be loaded', async () => {
    const broken = new Error('bad binary');
    await expect(loadClient(() => Promise.reject(broken))).rejects.toThrow(
      '@platformatic/kafka, which could not be loaded: bad binary',
    );
  });
});
