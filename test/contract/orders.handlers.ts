import {
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Body,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { InjectParley, ParleyClient, ParleyRecordBuilder } from '@parley/transport';
import type { Observable } from 'rxjs';
import { KeysGuard } from './keys.guard.js';
import { OrderBook } from './order-book.js';
import { NewOrder } from './order.js';

/** The same service with message handlers in the place of its HTTP controller. */
@Controller()
export class OrdersHandlers {
  constructor(private readonly book: OrderBook) {}

  @MessagePattern('orders.crash')
  crash(@Payload() _data: unknown): never {
    return this.book.crash();
  }

  @MessagePattern('orders.wait')
  wait(@Payload() _data: unknown): never {
    return this.book.wait();
  }

  @MessagePattern('orders.ledger')
  @UseGuards(KeysGuard)
  ledger(@Payload() _data: unknown): object {
    return { total: 2 };
  }

  @MessagePattern('orders.find')
  find(@Payload('id') id: string): object {
    return this.book.find(id);
  }

  @MessagePattern('orders.add')
  add(@Payload(new ValidationPipe()) order: NewOrder): object {
    return this.book.add(order);
  }
}

/** The gateway in front of it. */
@Controller('orders')
export class OrdersGateway {
  constructor(@InjectParley('orders') private readonly orders: ParleyClient) {}

  @Get('crash')
  crash(): Observable<unknown> {
    return this.orders.send('orders.crash', {});
  }

  @Get('wait')
  wait(): Observable<unknown> {
    return this.orders.send('orders.wait', {});
  }

  @Get('ledger')
  ledger(@Headers('x-key') key?: string): Observable<unknown> {
    const headers: Record<string, string> = key === undefined ? {} : { 'x-key': key };
    return this.orders.send('orders.ledger', new ParleyRecordBuilder({}).setHeaders(headers).build());
  }

  @Get(':id')
  find(@Param('id') id: string): Observable<unknown> {
    return this.orders.send('orders.find', { id });
  }

  @Post()
  @HttpCode(201)
  add(@Body() order: unknown): Observable<unknown> {
    return this.orders.send('orders.add', order);
  }
}
