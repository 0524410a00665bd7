import { Body, Controller, Get, NotFoundException, Param, Post } from '@nestjs/common';

@Controller('stock')
export class StockController {
  private readonly counts = new Map([['tea', 7]]);

  @Get(':item')
  find(@Param('item') item: string): { item: string; count: number } {
    const count = this.counts.get(item);
    if (count === undefined) throw new NotFoundException(`There is no ${item}`);
    return { item, count };
  }

  @Post()
  add(@Body() delivery: { item: string; count: number }): { item: string; count: number } {
    const count = (this.counts.get(delivery.item) ?? 0) + delivery.count;
    this.counts.set(delivery.item, count);
    return { item: delivery.item, count };
  }
}
