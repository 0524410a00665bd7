import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { StockClient } from './stock.client.js';

@Module({
  providers: [StockClient],
})
class ShopModule {}

export async function bootstrap(): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(ShopModule, { logger: ['fatal'] });
}
