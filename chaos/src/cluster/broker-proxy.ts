import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { FullDisk } from './full-disk.js';

/**
 * What befalls a broker's connections: bytes pass at once, late, or not at all; or none may be made; or those of which
 * no record is taken, as by a broker whose disk is full.
 */
export type Weather = { kind: 'clear' | 'silent' | 'refusing' | 'full' } | { kind: 'slow'; byMs: number };

const CLEAR: Weather = { kind: 'clear' };

/**
 * A TCP proxy in front of one broker, by which all clients reach it. No package on npm does this in-process and can
 * hold back bytes of connections that are open.
 */
export class BrokerProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #weather: Weather = CLEAR;
  /** Told when silence is over. */
  readonly #waiting = new Set<() => void>();

  private constructor(private readonly target: () => number) {
    this.#server = createServer(client => this.#accept(client));
  }

  /** Listens on a free port; `target` tells the broker's own when a connection comes. */
  static async listen(target: () => number): Promise<BrokerProxy> {
    const proxy = new BrokerProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection; new ones may be made. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  setWeather(weather: Weather): void {
    this.#weather = weather;
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
    // What a connection carries is only known where it is read from its beginning.
    if (weather.kind === 'refusing' || weather.kind === 'full') this.cut();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.setWeather(CLEAR);
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#weather.kind === 'refusing') {
      client.on('error', () => {}); // It is cut.
      client.resetAndDestroy();
      return;
    }
    const broker = connect(this.target(), '127.0.0.1');
    for (const socket of [client, broker]) {
      socket.setNoDelay();
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    const way = [client, this.#passage(), broker, this.#passage(), client];
    if (this.#weather.kind === 'full') {
      const disk = new FullDisk(() => this.#weather.kind === 'full');
      way.splice(2, 1, disk.requests, broker, disk.responses);
    }
    // Whichever end breaks, all of it does.
    pipeline(way, () => {
      client.destroy();
      broker.destroy();
    });
  }

  /** Lets bytes pass as the weather allows. */
  #passage(): Transform {
    const held = async (): Promise<void> => {
      while (this.#weather.kind === 'silent') await new Promise<void>(resolve => this.#waiting.add(resolve));
      if (this.#weather.kind === 'slow') await sleep(this.#weather.byMs);
    };
    return new Transform({
      transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
        if (this.#weather.kind === 'clear') done(null, chunk);
        else void held().then(() => done(null, chunk));
      },
    });
  }
}
