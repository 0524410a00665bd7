import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyServer } from '@parley/transport';
import { UserModule } from './user.module.js';

const app = await NestFactory.create(UserModule);
app.enableShutdownHooks();
app.useGlobalPipes(new StandardSchemaValidationPipe());
app.connectMicroservice({ strategy: app.get(ParleyServer) }, { inheritAppConfig: true });
await app.startAllMicroservices();
await app.listen(process.env['PORT'] ?? 3002);
