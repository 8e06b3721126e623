import { FerError, printable } from '../../errors/fer-error.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Auth } from './auth.js';
import type { Health } from './engine-health.js';
import { requestUrl } from './auth.js';
import type { ServerMetrics } from './server-metrics.js';
import type { StaticFile } from './static-files.js';

const JSON_TYPE = 'application/json; charset=utf-8';

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteOptions {
  readonly auth: Auth;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly metrics: ServerMetrics;
  readonly health: () => Promise<Health>;
  readonly log: (line: string) => void;
}

/** Everything but WebSockets: the page, /healthz and /metrics. */
export function httpRoutes(options: RouteOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(request, options)
      .catch((error: unknown): Answer => {
        options.log(`http: ${printable(FerError.from(error).message)}`);
        return plain(500, 'internal error');
      })
      .then(({ status, contentType = 'text/plain; charset=utf-8', body, headers = {} }) => {
        response.writeHead(status, {
          ...SAFE_HEADERS,
          'Content-Type': contentType,
          'Content-Length': Buffer.byteLength(body),
          ...headers,
        });
        // Node omits the body where there must be none: for HEAD and 304.
        response.end(body);
      })
      .catch((error: unknown) => {
        options.log(`http: ${printable(FerError.from(error).message)}`);
        response.destroy();
      });
  };
}

async function answer(request: IncomingMessage, { auth, files, metrics, health }: RouteOptions): Promise<Answer> {
  if (!auth.isHostAllowed(request)) return plain(403, 'unknown host name');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(405, 'method not allowed; use GET or HEAD', { Allow: 'GET, HEAD', Connection: 'close' });
  const url = requestUrl(request);
  if (url === null) return plain(400, 'invalid path');
  if (url.pathname === '/healthz') {
    const { ok, ...details } = await health();
    const body = auth.hasToken(request, url) ? { ok, ...details } : { ok };
    return { status: ok ? 200 : 503, contentType: JSON_TYPE, body: JSON.stringify(body) };
  }
  if (url.pathname === '/metrics') {
    if (!auth.hasToken(request, url)) return plain(401, 'token required', { 'WWW-Authenticate': 'Bearer' });
    return { status: 200, contentType: metrics.contentType, body: await metrics.text() };
  }
  const file = files.get(url.pathname);
  if (file === undefined) return plain(404, 'not found');
  const status = request.headers['if-none-match'] === file.etag ? 304 : 200;
  return { status, contentType: file.contentType, body: file.content, headers: { ETag: file.etag } };
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: `${text}\n`, headers };
}

/** Only our own scripts, styles and images. Connections: 'self' would be enough, but older Safari does not count ws: as 'self'. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Sent with every response. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  // Addresses contain the token.
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
};
