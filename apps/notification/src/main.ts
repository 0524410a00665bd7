import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyServer } from '@parley/transport';
import { NotificationModule } from './notification.module.js';

const app = await NestFactory.create(NotificationModule);
app.enableShutdownHooks();
app.useGlobalPipes(new StandardSchemaValidationPipe());
app.connectMicroservice({ strategy: app.get(ParleyServer) }, { inheritAppConfig: true });
await app.startAllMicroservices();
await app.listen(process.env['PORT'] ?? 3003);
