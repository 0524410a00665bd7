import type { Socket } from 'node:net';
import type { Clock } from './clock.js';
import type { Cluster } from './cluster.js';
import { FrameSplitter } from './frames.js';
import type { Fault, PartitionTest } from './faults.js';
import type { Interceptors } from './interceptors.js';
import { ErrorCode } from './protocol/errors.js';
import { MalformedRequest } from './protocol/malformed.js';
import type { Writer } from './protocol/writer.js';
import { decode, encode, type Request } from './request.js';
import { untilAborted } from './until-aborted.js';

/** Requests, and bytes of them, that may wait behind the one in work before the socket is read no further. */
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 1024 * 1024;

export interface ConnectionOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly interceptors: Interceptors;
  readonly nodeId: number;
  readonly log: (message: string) => void;
}

/**
 * One client's connection. Requests are worked off one by one, as a Kafka broker does, so that responses leave
 * in the order of their requests; one that waits holds up those behind it and nobody else's.
 */
export class Connection {
  private readonly splitter = new FrameSplitter();
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private readonly closed = new AbortController();
  private readonly clientHost: string;
  private busy = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.clientHost = `/${socket.remoteAddress ?? ''}`;
    socket.setNoDelay(true);
    socket.on('data', chunk => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed.abort());
  }

  close(): void {
    this.socket.destroy();
    this.closed.abort();
  }

  private receive(chunk: Buffer): void {
    try {
      for (const frame of this.splitter.push(chunk)) {
        this.waiting.push(frame);
        this.waitingBytes += frame.length;
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.waiting.length > MAX_WAITING || this.waitingBytes > MAX_WAITING_BYTES) this.socket.pause();
    if (!this.busy) void this.workOff();
  }

  private async workOff(): Promise<void> {
    this.busy = true;
    try {
      for (let frame = this.next(); frame; frame = this.next()) {
        const answer = this.answer(decode(frame));
        const response = answer instanceof Promise ? await answer : answer;
        if (response && !this.send(response)) await this.drained();
      }
      this.socket.resume();
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
    }
  }

  private next(): Buffer | undefined {
    if (this.closed.signal.aborted) return undefined;
    const frame = this.waiting.shift();
    this.waitingBytes -= frame?.length ?? 0;
    return frame;
  }

  /** The encoded response, or undefined where none is sent. */
  private answer(request: Request): Writer | undefined | Promise<Writer | undefined> {
    if (this.options.interceptors.has(request.api.key)) return this.intercepted(request);
    return this.handled(request);
  }

  private handled(
    request: Request,
    injected: (topic: string, partition: number) => number = noError,
  ): Writer | undefined | Promise<Writer | undefined> {
    const { version, clientId, call } = request;
    const { cluster, clock, nodeId } = this.options;
    const { clientHost } = this;
    const { signal } = this.closed;
    const reply = call.handle({ cluster, clock, nodeId, version, clientId, clientHost, signal, injected });
    return reply instanceof Promise ? reply.then(late => encode(request, late)) : encode(request, reply);
  }

  private async intercepted(request: Request): Promise<Writer | undefined> {
    const { api, version, clientId, call } = request;
    const { interceptors, nodeId } = this.options;
    const seen = {
      apiKey: api.key,
      apiVersion: version,
      clientId,
      nodeId,
      body: call.body,
      partitions: call.partitions,
    };
    const fault = await untilAborted<Fault | undefined>(this.closed.signal, (done, failed) => {
      interceptors.decide(seen).then(done, failed);
      return () => {};
    });
    return this.closed.signal.aborted ? undefined : this.apply(fault, request);
  }

  private async apply(fault: Fault | undefined, request: Request): Promise<Writer | undefined> {
    switch (fault?.kind) {
      case 'drop':
        return undefined;
      case 'close':
        this.close();
        return undefined;
      case 'error':
        if (fault.only) return this.handled(request, errorFor(fault.only, fault.code));
        return encode(request, request.call.refuse(fault.code));
      case 'delay':
        await this.pause(fault.ms);
        return this.closed.signal.aborted ? undefined : this.handled(request);
      case 'dropResponse':
        await this.handled(request);
        return undefined;
      case 'closeAfter':
        await this.handled(request);
        this.close();
        return undefined;
      case 'trickle':
        await this.trickle(await this.handled(request), fault.ms, fault.bytes);
        return undefined;
      case 'stall':
        await this.stall(await this.handled(request));
        return undefined;
      default:
        return this.handled(request);
    }
  }

  private async trickle(response: Writer | undefined, ms: number, bytes: number): Promise<void> {
    const frame = Buffer.concat(response?.frame() ?? []);
    for (let at = 0; at < frame.length && !this.closed.signal.aborted; at += bytes) {
      this.socket.write(frame.subarray(at, at + bytes));
      await this.pause(ms);
    }
  }

  /** Nothing can be sent after half a response: the connection is held until it closes. */
  private async stall(response: Writer | undefined): Promise<void> {
    const frame = Buffer.concat(response?.frame() ?? []);
    this.socket.write(frame.subarray(0, Math.ceil(frame.length / 2)));
    await untilAborted<void>(this.closed.signal, () => () => {});
  }

  private pause(ms: number): Promise<void> {
    return untilAborted<void>(this.closed.signal, done => this.options.clock.after(ms, done));
  }

  /** False where the client is slow to read: the next request waits until it has. */
  private send(response: Writer): boolean {
    if (!this.socket.writable) return true;
    this.socket.cork();
    let room = true;
    for (const chunk of response.frame()) room = this.socket.write(chunk);
    this.socket.uncork();
    return room;
  }

  private drained(): Promise<void> {
    return untilAborted<void>(this.closed.signal, done => {
      this.socket.on('drain', done);
      if (!this.socket.writableNeedDrain) queueMicrotask(done);
      return () => this.socket.off('drain', done);
    });
  }

  private fail(error: unknown): void {
    if (this.closed.signal.aborted) return;
    const { nodeId, log } = this.options;
    const reason = error instanceof Error ? error.message : String(error);
    const kind = error instanceof MalformedRequest ? 'malformed request' : 'request failed';
    log(`broker ${nodeId} closes the connection from ${this.clientHost}: ${kind}: ${reason}`);
    this.close();
  }
}

const noError = (): number => ErrorCode.NONE;

function errorFor(befalls: PartitionTest, code: number): (topic: string, partition: number) => number {
  return (topic, partition) => (befalls({ topic, partition }) ? code : ErrorCode.NONE);
}
