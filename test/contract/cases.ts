export interface Asked {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Answered {
  status: number;
  body: unknown;
}

export interface Case {
  name: string;
  asked: Asked;
  answered: Answered;
}

const order = (body: unknown): Asked => ({ method: 'POST', path: '/orders', body });

/** What callers of the service are promised, whatever way their requests come. */
export const CASES: readonly Case[] = [
  {
    name: '200 with what was found',
    asked: { method: 'GET', path: '/orders/7' },
    answered: { status: 200, body: { id: '7', item: 'tea', count: 2 } },
  },
  {
    name: '201 with what was made',
    asked: order({ item: 'tea', count: 2 }),
    answered: { status: 201, body: { id: '8', item: 'tea', count: 2 } },
  },
  {
    name: '400 with what is wrong with each field',
    asked: order({ item: 7, count: 1000 }),
    answered: {
      status: 400,
      body: {
        statusCode: 400,
        message: ['item must be a string', 'count must not be greater than 100'],
        error: 'Bad Request',
      },
    },
  },
  {
    name: '401 with the guard’s words',
    asked: { method: 'GET', path: '/orders/ledger' },
    answered: { status: 401, body: { statusCode: 401, message: 'Who are you?', error: 'Unauthorized' } },
  },
  {
    name: '403 where a guard says no',
    asked: { method: 'GET', path: '/orders/ledger', headers: { 'x-key': 'guest' } },
    answered: { status: 403, body: { statusCode: 403, message: 'Forbidden resource', error: 'Forbidden' } },
  },
  {
    name: '200 where it says yes',
    asked: { method: 'GET', path: '/orders/ledger', headers: { 'x-key': 'owner' } },
    answered: { status: 200, body: { total: 2 } },
  },
  {
    name: '404 with the handler’s words',
    asked: { method: 'GET', path: '/orders/9' },
    answered: { status: 404, body: { statusCode: 404, message: 'There is no order 9', error: 'Not Found' } },
  },
  {
    name: '409 for what is there already',
    asked: order({ item: 'taken', count: 1 }),
    answered: {
      status: 409,
      body: { statusCode: 409, message: 'The order is there already', error: 'Conflict' },
    },
  },
  {
    name: '413 for what is too much',
    asked: order({ item: 'huge', count: 1 }),
    answered: {
      status: 413,
      body: { statusCode: 413, message: 'An order of at most a ton', error: 'Payload Too Large' },
    },
  },
  {
    name: '422 with a body of the handler’s own',
    asked: order({ item: 'rope', count: 1 }),
    answered: { status: 422, body: { statusCode: 422, reasons: ['rope is sold by the metre'] } },
  },
  {
    name: '500 without what went wrong inside',
    asked: { method: 'GET', path: '/orders/crash' },
    answered: { status: 500, body: { statusCode: 500, message: 'Internal server error' } },
  },
  {
    name: '504 where another service does not answer',
    asked: { method: 'GET', path: '/orders/wait' },
    answered: {
      status: 504,
      body: { statusCode: 504, message: 'The warehouse does not answer', error: 'Gateway Timeout' },
    },
  },
];
