import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { ParleyException } from './parley-exception.js';

/**
 * At a gateway: answers a failed call with its HTTP status and body.
 * `app.useGlobalFilters(new ParleyExceptionFilter(app.getHttpAdapter()))`, or as an APP_FILTER.
 */
@Catch(ParleyException)
export class ParleyExceptionFilter extends BaseExceptionFilter implements ExceptionFilter<ParleyException> {
  override catch(exception: ParleyException, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw exception;
    super.catch(new HttpException(exception.getResponse(), exception.httpStatus, { cause: exception }), host);
  }
}
