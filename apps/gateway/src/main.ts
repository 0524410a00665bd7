import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ParleyExceptionFilter } from '@parley/transport';
import { GatewayModule } from './gateway.module.js';
import { servePage } from './page.js';

/** Open event streams are cut when the gateway stops: a browser comes back by itself, to another instance. */
const app = await NestFactory.create<NestExpressApplication>(GatewayModule, { forceCloseConnections: true });
app.enableShutdownHooks();
app.useGlobalPipes(new StandardSchemaValidationPipe());
app.useGlobalFilters(new ParleyExceptionFilter(app.getHttpAdapter()));
servePage(app);
await app.listen(process.env['PORT'] ?? 3000);
