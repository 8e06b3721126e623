import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admission } from './admission.js';
import { errorLine } from './error-line.js';
import type { Health } from './health.js';
import { requestUrl } from './request-url.js';
import { SAFE_HEADERS } from './response-headers.js';
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
  readonly admission: Admission;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly metrics: ServerMetrics;
  readonly health: () => Promise<Health>;
  readonly log: (line: string) => void;
}

/** Everything that is no WebSocket: the page, /healthz and /metrics. */
export function httpRoutes(options: RouteOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(request, options)
      .catch((error: unknown): Answer => {
        options.log(`http: ${errorLine(error)}`);
        return plain(500, 'the server failed at this');
      })
      .then(({ status, contentType = 'text/plain; charset=utf-8', body, headers = {} }) => {
        response.writeHead(status, {
          ...SAFE_HEADERS,
          'Content-Type': contentType,
          'Content-Length': Buffer.byteLength(body),
          ...headers,
        });
        // Node leaves the body out where there must be none: after HEAD, and with 304.
        response.end(body);
      })
      .catch((error: unknown) => {
        options.log(`http: ${errorLine(error)}`);
        response.destroy();
      });
  };
}

async function answer(request: IncomingMessage, { admission, files, metrics, health }: RouteOptions): Promise<Answer> {
  if (!admission.knowsHost(request)) return plain(403, 'this server does not answer to that host name');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(405, 'only GET and HEAD', { Allow: 'GET, HEAD', Connection: 'close' });
  const url = requestUrl(request);
  if (url === null) return plain(400, 'not a path');
  if (url.pathname === '/healthz') {
    const { ok, ...details } = await health();
    const body = admission.holdsToken(request, url) ? { ok, ...details } : { ok };
    return { status: ok ? 200 : 503, contentType: JSON_TYPE, body: JSON.stringify(body) };
  }
  if (url.pathname === '/metrics') {
    if (!admission.holdsToken(request, url)) return plain(401, 'a token is needed', { 'WWW-Authenticate': 'Bearer' });
    return { status: 200, contentType: metrics.contentType, body: await metrics.text() };
  }
  const file = files.get(url.pathname);
  if (file === undefined) return plain(404, 'nothing here');
  const status = request.headers['if-none-match'] === file.etag ? 304 : 200;
  return { status, contentType: file.contentType, body: file.content, headers: { ETag: file.etag } };
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: `${text}\n`, headers };
}
