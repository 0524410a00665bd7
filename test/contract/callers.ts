import { create, type AxiosInstance } from 'axios';
import { lastValueFrom } from 'rxjs';
import type { HttpService } from '@nestjs/axios';
import supertest from 'supertest';
import type { Agent } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Answered, Asked } from './cases.js';

/** Asks as a caller of the service does, with a client of HTTP that people use. */
export type Ask = (asked: Asked) => Promise<Answered>;

export function byFetch(send: typeof fetch, origin: string): Ask {
  return async ({ method, path, headers, body }) => {
    const response = await send(origin + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
}

export function byDispatcher(dispatcher: Dispatcher, origin: string): Ask {
  return async ({ method, path, headers, body }) => {
    const response = await dispatcher.request({
      origin,
      path,
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.statusCode, body: await response.body.json() };
  };
}

export function byAxios(instance: AxiosInstance, origin: string): Ask {
  return async ({ method, path, headers = {}, body }) => {
    const response = await instance.request<unknown>({ url: origin + path, method, headers, data: body });
    return { status: response.status, body: response.data };
  };
}

export function axiosOf(settings: object): AxiosInstance {
  return create({ ...settings, validateStatus: () => true });
}

export function byHttpService(service: HttpService, origin: string): Ask {
  return async ({ method, path, headers = {}, body }) => {
    const response = await lastValueFrom(
      service.request<unknown>({ url: origin + path, method, headers, data: body }),
    );
    return { status: response.status, body: response.data };
  };
}

export function bySupertest(agent: Agent, origin: string): Ask {
  return async ({ method, path, headers = {}, body }) => {
    const test = supertest(origin)[method === 'GET' ? 'get' : 'post'](path).agent(agent).set(headers);
    const response = await (body === undefined ? test : test.send(body as object));
    return { status: response.status, body: response.body };
  };
}
