import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';

const FOLDER = fileURLToPath(new URL('../public/', import.meta.url));

/** The page runs its own script and talks to this gateway, and to nobody else. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the page at / with nothing from elsewhere. */
export function servePage(app: NestExpressApplication): void {
  app.disable('x-powered-by');
  app.useStaticAssets(FOLDER, {
    setHeaders: (response: ServerResponse) => {
      response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
    },
  });
}
