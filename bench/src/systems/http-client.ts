import type { Dispatcher } from 'undici';
import type { Body } from '../body.js';
import type { BenchClient } from '../system.js';

/** Calls the controllers of `httpModule` at `origin`, whatever `dispatcher` carries requests by. */
export function httpClient(dispatcher: Dispatcher, origin: string, close: () => Promise<void>): BenchClient {
  const post = async (path: string, data: Body): Promise<unknown> => {
    const response = await dispatcher.request({
      origin,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(data),
    });
    if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}`);
    return response.body.json();
  };
  return {
    unary: data => post('/unary', data),
    slow: data => post('/slow', data),
    close,
  };
}
