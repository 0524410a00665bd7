import {
  ConflictException,
  GatewayTimeoutException,
  Injectable,
  NotFoundException,
  PayloadTooLargeException,
  UnprocessableEntityException,
} from '@nestjs/common';
import type { NewOrder } from './order.js';

/** What the controllers and the message handlers of the contract share: the work itself. */
@Injectable()
export class OrderBook {
  find(id: string): object {
    if (id !== '7') throw new NotFoundException(`There is no order ${id}`);
    return { id, item: 'tea', count: 2 };
  }

  add(order: NewOrder): object {
    if (order.item === 'taken') throw new ConflictException('The order is there already');
    if (order.item === 'huge') throw new PayloadTooLargeException('An order of at most a ton');
    if (order.item === 'rope') {
      throw new UnprocessableEntityException({ statusCode: 422, reasons: ['rope is sold by the metre'] });
    }
    return { id: '8', item: order.item, count: order.count };
  }

  crash(): never {
    throw new Error('password=hunter2');
  }

  wait(): never {
    throw new GatewayTimeoutException('The warehouse does not answer');
  }
}
