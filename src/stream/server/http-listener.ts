import { createServer } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { FerError } from '../../errors/index.js';
import type { LiveServerSettings } from './live-server-options.js';

/** Against clients that open connections and then send nothing, or a byte now and then. Milliseconds. */
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

/** An HTTP server, or HTTPS where a certificate is given. @throws FerError CONFIG_INVALID for a certificate that is none */
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
      `tls: certificate and key cannot be used (${(error as Error).message}): give both in PEM, belonging together`,
      { cause: error },
    );
  }
}

/** @returns the port. @throws FerError CONFIG_INVALID when it cannot be had */
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
  if (error.code === 'EADDRINUSE')
    return `port: ${port} on ${host} is in use; give another one, or 0 for any that is free`;
  if (error.code === 'EACCES') return `port: ${port} may not be used by this user; give one above 1023`;
  return `host: ${host} is no address of this machine (${error.code ?? error.message}); 127.0.0.1 is this machine only, 0.0.0.0 all its networks`;
}

/** @returns what stops `server` and cuts off all its connections: WebSockets too, and those that have not got through TLS, which Node leaves alone */
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

/** The address a browser on this machine takes. */
export function listenerUrl({ host, tls }: Pick<LiveServerSettings, 'host' | 'tls'>, port: number): string {
  const name =
    host === '0.0.0.0' || host === '::'
      ? 'localhost'
      : host.includes(':') && !host.startsWith('[')
        ? `[${host}]`
        : host;
  return `${tls === null ? 'http' : 'https'}://${name}:${port}`;
}
