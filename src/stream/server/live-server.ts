import type { LiveEngine } from '../live/live-engine.js';
import type { Role } from '../protocol/index.js';
import { Admission } from './admission.js';
import { Broadcast } from './broadcast.js';
import type { Connection } from './connection.js';
import { EngineWatch } from './engine-watch.js';
import { examine } from './health.js';
import { hello } from './hello.js';
import { createListener, listen, listenerUrl, stopper } from './http-listener.js';
import { httpRoutes } from './http-routes.js';
import { parseServerOptions } from './live-server-options.js';
import type { LiveServerOptions } from './live-server-options.js';
import { Producer } from './producer.js';
import { ServerMetrics } from './server-metrics.js';
import type { Session } from './session.js';
import { Sessions } from './sessions.js';
import { readStaticFiles } from './static-files.js';
import { Viewer } from './viewer.js';
import { WebSocketGate } from './web-socket-gate.js';

/** TCP connections beside those of sessions: pages being loaded, clients that have not shown a token yet. */
const SPARE_CONNECTIONS = 256;

export interface LiveServer {
  /** For a browser on this machine, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /**
   * Tells all clients, waits a second at most for them to leave, and stops the source. The engine stays open: it belongs to who opened it.
   * May be called more than once.
   */
  close(): Promise<void>;
}

/**
 * Serves the page, and the two WebSockets of docs/protocol.md: producers send frames and get results, viewers watch the server's own source.
 * @throws FerError CONFIG_INVALID for a setting that cannot be (a public address without a token, a port in use), INPUT_NOT_FOUND for `webFolder`
 */
export async function openLiveServer(engine: LiveEngine, options: LiveServerOptions = {}): Promise<LiveServer> {
  const settings = parseServerOptions(options);
  const { source, log, messagesPerSecond } = settings;
  const files = settings.webFolder === null ? new Map<string, never>() : await readStaticFiles(settings.webFolder);
  const http = createListener(settings.tls);
  const stopListening = stopper(http);

  let closing: Promise<void> | null = null;
  const sessions = new Sessions(settings);
  const limit: Readonly<Record<Role, number>> = { producer: settings.maxProducers, viewer: settings.maxViewers };
  const admission = new Admission(settings);
  const watch = new EngineWatch(engine);
  const metrics = new ServerMetrics({ watch, sessions });
  const onLatency = (role: Role) => (seconds: number) => {
    metrics.observeLatency(role, seconds);
  };
  const broadcast =
    source === null
      ? null
      : new Broadcast(source, engine, { linger: settings.sourceLinger, tally: metrics.tally('viewer'), onLatency: onLatency('viewer'), log });

  const openSession = (role: Role, connection: Connection, query: URLSearchParams): Session | null => {
    const landmarks = query.get('landmarks') === '1';
    if (role === 'producer') {
      connection.send(hello(role, engine, messagesPerSecond));
      return new Producer(connection, engine, {
        landmarks,
        messagesPerSecond,
        tally: metrics.tally(role),
        load: () => watch.load(),
        onLatency: onLatency(role),
      });
    }
    if (broadcast === null) {
      connection.end('NO_SOURCE', 'nothing to watch: the server was started without a source');
      return null;
    }
    connection.send(hello(role, engine, messagesPerSecond));
    return new Viewer(connection, broadcast, {
      landmarks,
      frames: query.get('frames') === '1',
      load: () => watch.load(),
      onDropped: (messages) => {
        metrics.messagesDropped(messages);
      },
    });
  };

  const countConnections = (): void => {
    http.maxConnections = SPARE_CONNECTIONS + sessions.size;
  };
  countConnections();

  const admit = (role: Role, connection: Connection, query: URLSearchParams): void => {
    if (sessions.count(role) >= limit[role]) {
      connection.end('TOO_MANY_SESSIONS', `the server takes ${limit[role]} ${role}s at a time; try again later`);
      return;
    }
    const session = openSession(role, connection, query);
    if (session === null) return;
    sessions.add(session);
    countConnections();
    connection.onClose(() => {
      connection.guard('close', () => {
        sessions.remove(session);
      });
      countConnections();
    });
  };

  const gate = new WebSocketGate({ admission, log, admit, isClosing: () => closing !== null });
  const health = () => examine({ engine, watch, closing: closing !== null, source: broadcast?.state ?? null, sessions });
  http.on('request', httpRoutes({ admission, files, metrics, health, log }));
  http.on('upgrade', gate.onUpgrade);

  const close = async (): Promise<void> => {
    await Promise.all([sessions.close(), broadcast?.close()]);
    await stopListening();
  };

  let port: number;
  try {
    port = await listen(http, settings.host, settings.port);
  } catch (error) {
    await sessions.close();
    throw error;
  }
  return { url: listenerUrl(settings, port), port, close: () => (closing ??= close()) };
}
