import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { PRODUCE_PATH, WATCH_PATH } from '../protocol/index.js';
import type { Role } from '../protocol/index.js';
import type { Admission } from './admission.js';
import { Connection } from './connection.js';
import { MESSAGE_BYTES } from './hello.js';
import type { Reception } from './reception.js';
import { requestUrl } from './request-url.js';

const ROLES: ReadonlyMap<string, Role> = new Map([
  [PRODUCE_PATH, 'producer'],
  [WATCH_PATH, 'viewer'],
]);

export interface GateOptions {
  readonly admission: Admission;
  readonly log: (line: string) => void;
  readonly isClosing: () => boolean;
  /** Takes over who holds the token. */
  readonly reception: Reception;
}

/**
 * The way in for WebSockets. A foreign page or a wrong path is refused in HTTP; what a page should be able to tell its user (a wrong token, no
 * room) is said over the WebSocket, since browsers hide HTTP answers to WebSocket requests from pages.
 */
export class WebSocketGate {
  private readonly sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  constructor(private readonly options: GateOptions) {}

  /** For the `upgrade` event. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { admission, isClosing } = this.options;
    const url = requestUrl(request);
    const role = url === null ? undefined : ROLES.get(url.pathname);
    if (isClosing()) refuse(socket, 503);
    else if (!admission.knowsHost(request)) refuse(socket, 403);
    else if (url === null || role === undefined) refuse(socket, 404);
    else if (!admission.knowsOrigin(request)) refuse(socket, 403);
    else {
      this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.greet(webSocket, role, request, url);
      });
    }
  };

  private greet(socket: WebSocket, role: Role, request: IncomingMessage, url: URL): void {
    const { admission, log, reception } = this.options;
    const connection = new Connection(socket, role, log);
    if (!admission.holdsToken(request, url))
      connection.end('UNAUTHORIZED', 'the token is missing or wrong; the server printed it when it started');
    else {
      connection.guard('greeting', () => {
        reception.receive(role, connection, url.searchParams);
      });
    }
  }
}

function refuse(socket: Duplex, status: number): void {
  // The client may be gone already.
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}
