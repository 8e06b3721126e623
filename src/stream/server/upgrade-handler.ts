import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { LiveEngine } from '../live/live-engine.js';
import { PRODUCE_PATH, WATCH_PATH } from '../protocol/messages.js';
import type { Role } from '../protocol/messages.js';
import { requestUrl } from './auth.js';
import type { Auth } from './auth.js';
import type { Broadcast } from './broadcast.js';
import { Connection } from './connection.js';
import type { EngineHealth } from './engine-health.js';
import type { LiveServerSettings } from './live-server-options.js';
import { MESSAGE_BYTES, hello } from './outgoing-messages.js';
import { Producer } from './producer.js';
import type { ServerMetrics } from './server-metrics.js';
import type { Session, Sessions } from './sessions.js';
import { Viewer } from './viewer.js';

const ROLES: ReadonlyMap<string, Role> = new Map([
  [PRODUCE_PATH, 'producer'],
  [WATCH_PATH, 'viewer'],
]);

export interface UpgradeOptions {
  readonly auth: Auth;
  readonly log: (line: string) => void;
  readonly isClosing: () => boolean;
  /** Gets every connection with a valid token. */
  readonly sessionFactory: SessionFactory;
}

/**
 * Turns upgrade requests into WebSockets. An unknown host name or a wrong path is refused in HTTP. What a page should be able to show its user
 * (origin not allowed, wrong token, too many connections) is sent over the WebSocket: browsers hide HTTP answers to WebSocket requests from pages.
 */
export class UpgradeHandler {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  constructor(private readonly options: UpgradeOptions) {}

  /** For the `upgrade` event. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { auth, isClosing } = this.options;
    const url = requestUrl(request);
    const role = url === null ? undefined : ROLES.get(url.pathname);
    if (isClosing()) refuse(socket, 503);
    else if (!auth.isHostAllowed(request)) refuse(socket, 403);
    else if (url === null || role === undefined) refuse(socket, 404);
    else {
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.greet(webSocket, role, request, url);
      });
    }
  };

  private greet(socket: WebSocket, role: Role, request: IncomingMessage, url: URL): void {
    const { auth, log, sessionFactory } = this.options;
    const connection = new Connection(socket, role, log);
    if (!auth.isOriginAllowed(request)) connection.end('ORIGIN_NOT_ALLOWED', originAdvice(request.headers.origin));
    else if (!auth.hasToken(request, url))
      connection.end('UNAUTHORIZED', 'the token is missing or wrong; open the address that fer live printed');
    else {
      connection.guard('greeting', () => {
        sessionFactory.open(role, connection, url.searchParams);
      });
    }
  }
}

function originAdvice(origin = ''): string {
  const normal = URL.canParse(origin) ? new URL(origin).origin : 'null';
  return normal === 'null'
    ? 'pages without an origin may not connect: serve the page over http or https'
    : `pages of ${normal} may not connect: start the server with --allow-origin ${normal}`;
}

function refuse(socket: Duplex, status: number): void {
  // The client may have disconnected already.
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}

export interface SessionFactoryOptions {
  readonly settings: Pick<LiveServerSettings, 'maxProducers' | 'maxViewers' | 'messagesPerSecond'>;
  readonly engine: LiveEngine;
  readonly engineHealth: EngineHealth;
  readonly metrics: ServerMetrics;
  readonly sessions: Sessions;
  /** Null when the server has no source. */
  readonly broadcast: Broadcast | null;
}

/** Opens a session for every accepted connection, up to the limits. */
export class SessionFactory {
  constructor(private readonly options: SessionFactoryOptions) {}

  open(role: Role, connection: Connection, query: URLSearchParams): void {
    const { broadcast, sessions, settings } = this.options;
    // Before the limits, which change: a page asks to learn whether there is a source.
    if (role === 'viewer' && broadcast === null) {
      connection.end('NO_SOURCE', 'the server was started without a source: start it with fer live --source');
      return;
    }
    const limit = role === 'producer' ? settings.maxProducers : settings.maxViewers;
    if (sessions.count(role) >= limit) {
      connection.end('TOO_MANY_SESSIONS', `the server allows ${limit} ${role}s at a time; try again later`);
      return;
    }
    const session =
      role === 'viewer' && broadcast !== null
        ? this.viewer(connection, query, broadcast)
        : this.producer(connection, query);
    sessions.add(session);
    connection.onClose(() => {
      connection.guard('close', () => {
        sessions.remove(session);
      });
    });
  }

  private producer(connection: Connection, query: URLSearchParams): Session {
    const { engine, engineHealth, metrics, settings } = this.options;
    connection.send(hello('producer', engine, settings.messagesPerSecond));
    return new Producer(connection, engine, {
      landmarks: isSet(query, 'landmarks'),
      messagesPerSecond: settings.messagesPerSecond,
      counter: metrics.frameCounter('producer'),
      load: () => engineHealth.load(),
      onLatency: (seconds) => {
        metrics.observeLatency('producer', seconds);
      },
    });
  }

  private viewer(connection: Connection, query: URLSearchParams, broadcast: Broadcast): Session {
    const { engine, engineHealth, metrics, settings } = this.options;
    connection.send(hello('viewer', engine, settings.messagesPerSecond));
    return new Viewer(connection, broadcast, {
      landmarks: isSet(query, 'landmarks'),
      frames: isSet(query, 'frames'),
      load: () => engineHealth.load(),
      onDropped: (messages) => {
        metrics.messagesDropped(messages);
      },
    });
  }
}

function isSet(query: URLSearchParams, name: string): boolean {
  return query.get(name) === '1';
}
