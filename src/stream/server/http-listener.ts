import { createServer } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { FerError } from '../../errors/fer-error.js';
import type { LiveServerSettings } from './live-server-options.js';

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
