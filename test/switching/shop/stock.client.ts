import { HttpException, Injectable } from '@nestjs/common';

@Injectable()
export class StockClient {
  async find(item: string): Promise<unknown> {
    return bodyOf(await fetch(`http://127.0.0.1:${process.env['STOCK_PORT']}/stock/${item}`));
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const body = (await response.json()) as object;
  if (!response.ok) throw new HttpException(body, response.status);
  return body;
}
