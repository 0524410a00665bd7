import { RpcException } from '@nestjs/microservices';
import { httpStatusOf, type Status, type StatusCode } from '../wire/status.js';

/**
 * How a call failed: thrown by a handler, or received by a caller. A handler's HttpException arrives with the status
 * and body it was thrown with.
 */
export class ParleyException extends RpcException {
  override readonly name = 'ParleyException';
  /** The HTTP status a gateway answers with; Nest's own filter for HTTP reads it. */
  readonly statusCode: number;

  constructor(
    /** gRPC's name of the status, such as `NOT_FOUND`. */
    readonly status: StatusCode,
    message: string,
    /** Anything the codec can carry that tells the caller more. */
    readonly details?: unknown,
    private readonly http?: Status['http'],
  ) {
    super(message);
    this.statusCode = http?.status ?? httpStatusOf(status);
  }

  static of(status: Status): ParleyException {
    return new ParleyException(status.code, status.message, status.details, status.http);
  }

  toStatus(): Status {
    return {
      code: this.status,
      message: this.message,
      ...(this.details !== undefined && { details: this.details }),
      ...(this.http && { http: this.http }),
    };
  }

  /** Nest's exceptions filter hands on what this returns: the exception whole. */
  override getError(): object {
    return this;
  }

  get httpStatus(): number {
    return this.statusCode;
  }

  /** The body a gateway answers with. */
  getResponse(): string | object {
    if (this.http) return this.http.response;
    return {
      statusCode: this.statusCode,
      message: this.message,
      error: this.status,
      ...(this.details !== undefined && { details: this.details }),
    };
  }
}
