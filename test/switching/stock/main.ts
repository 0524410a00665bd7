import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { StockController } from './stock.controller.js';

@Module({
  controllers: [StockController],
})
class StockModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(StockModule, { logger: ['fatal'] });
  await app.listen(Number(process.env['STOCK_PORT'] ?? 3000));
  return app;
}
