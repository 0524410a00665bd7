import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { Figures } from './figures.js';

@Controller('metrics')
export class MetricsController {
  constructor(private readonly figures: Figures) {}

  @Get()
  metrics(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.figures.answer(request, response);
  }
}
