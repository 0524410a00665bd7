import { EventSource } from 'eventsource';
import type { Notification, Profile, Session } from '@parley-apps/contracts';

export interface Answer<T> {
  status: number;
  body: T;
}

/** Longer than a call between services may take, so that the gateway's own answer is what comes. */
const REQUEST_TIMEOUT_MS = 40_000;

/** The gateway's HTTP surface, as a program outside sees it. */
export class GatewayClient {
  constructor(
    readonly url: string,
    private readonly signal: AbortSignal,
  ) {}

  signUp(body: object): Promise<Answer<Profile>> {
    return this.request('POST', '/users', { body });
  }

  profile(id: string): Promise<Answer<Profile>> {
    return this.request('GET', `/users/${id}`);
  }

  logIn(name: string, password: string): Promise<Answer<Session>> {
    return this.request('POST', '/sessions', { body: { name, password } });
  }

  notifications(token?: string): Promise<Answer<Notification[]>> {
    return this.request('GET', '/notifications', { token });
  }

  /** Opens the stream of server-sent events that a browser would; the caller closes it. */
  live(token: string): EventSource {
    return new EventSource(`${this.url}/notifications/live?access_token=${encodeURIComponent(token)}`);
  }

  async page(): Promise<string> {
    const response = await fetch(this.url, { signal: this.limit() });
    return response.text();
  }

  private async request<T>(
    method: string,
    path: string,
    { body, token }: { body?: object; token?: string } = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
      signal: this.limit(),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  private limit(): AbortSignal {
    return AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
  }
}

/** Returns the body of an answer that has the status; else throws an Error that shows both. */
export async function withStatus<T>(status: number, answering: Promise<Answer<T>>): Promise<T> {
  const answer = await answering;
  if (answer.status === status) return answer.body;
  throw new Error(`expected status ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
}
