import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { FerError, printable } from '../../errors/fer-error.js';
import { requestUrl } from './auth.js';
import type { Auth } from './auth.js';
import type { Health } from './engine-health.js';
import type { LiveServerSettings } from './live-server-options.js';
import type { ServerMetrics } from './server-metrics.js';
import type { StaticFile } from './static-files.js';

const JSON_TYPE = 'application/json; charset=utf-8';

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

interface RouteOptions {
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
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  // Addresses contain the token.
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
};

/** Milliseconds. Guards against clients that open connections and send nothing, or a byte now and then. */
const LIMITS: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
};

/** Milliseconds without traffic in either direction; WebSockets have pings instead. */
const IDLE = 20_000;

const TLS_HANDSHAKE = 5_000;

/** An HTTP server, or HTTPS with a certificate. @throws FerError CONFIG_INVALID for an invalid certificate */
export function createListener(tls: LiveServerSettings['tls']): Server {
  const server = tls === null ? createServer(LIMITS) : createSecure(tls);
  server.setTimeout(IDLE);
  return server;
}

function createSecure({ cert, key }: NonNullable<LiveServerSettings['tls']>): Server {
  const pem = { cert: Buffer.from(cert), key: Buffer.from(key) };
  try {
    return createTlsServer({ ...LIMITS, ...pem, handshakeTimeout: TLS_HANDSHAKE });
  } catch (error) {
    throw new FerError(
      'CONFIG_INVALID',
      `tls: the certificate or key is invalid (${(error as Error).message}): give a matching pair in PEM`,
      { cause: error },
    );
  }
}

/** @returns the port. @throws FerError CONFIG_INVALID when it cannot listen there */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new FerError('CONFIG_INVALID', refusal(error, host, port), { cause: error }));
    };
    server.once('error', fail);
    server.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

function refusal(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `port: ${port} on ${host} is in use; choose another, or 0 for any free port`;
  if (error.code === 'EACCES') return `port: ${port} needs more rights than this user has; choose one above 1023`;
  return `host: ${host} is not an address of this machine (${error.code ?? error.message}); 127.0.0.1 is this machine only, 0.0.0.0 all its networks`;
}

/** @returns a function that stops `server` and closes all its connections, including WebSockets and unfinished TLS handshakes, which Node leaves open */
export function stopper(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
}

/** The address for a browser on this machine. */
export function listenerUrl({ host, tls }: Pick<LiveServerSettings, 'host' | 'tls'>, port: number): string {
  const name =
    host === '0.0.0.0' || host === '::'
      ? 'localhost'
      : host.includes(':') && !host.startsWith('[')
        ? `[${host}]`
        : host;
  return `${tls === null ? 'http' : 'https'}://${name}:${port}`;
}
