import { Body, Controller, Get, Param, Post, UseGuards, ValidationPipe } from '@nestjs/common';
import { KeysGuard } from './keys.guard.js';
import { OrderBook } from './order-book.js';
import { NewOrder } from './order.js';

/** The service's own HTTP controller, which the bridge lets callers reach over Kafka too. */
@Controller('orders')
export class OrdersController {
  constructor(private readonly book: OrderBook) {}

  @Get('crash')
  crash(): never {
    return this.book.crash();
  }

  @Get('wait')
  wait(): never {
    return this.book.wait();
  }

  @Get('ledger')
  @UseGuards(KeysGuard)
  ledger(): object {
    return { total: 2 };
  }

  @Get(':id')
  find(@Param('id') id: string): object {
    return this.book.find(id);
  }

  @Post()
  add(@Body(new ValidationPipe()) order: NewOrder): object {
    return this.book.add(order);
  }
}
