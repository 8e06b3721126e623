import { FerError, printable } from '../../errors/fer-error.js';
import type { LiveSource } from '../../ingest/live/live-source.js';
import type { LiveEngine } from '../live/live-engine.js';
import { Auth } from './auth.js';
import { Broadcast } from './broadcast.js';
import { EngineHealth, healthReport } from './engine-health.js';
import { createListener, httpRoutes, listen, listenerUrl, stopper } from './http-listener.js';
import { parseServerOptions } from './live-server-options.js';
import type { LiveServerOptions, LiveServerSettings } from './live-server-options.js';
import type { ServerMetrics } from './server-metrics.js';
import { Sessions } from './sessions.js';
import { readStaticFiles, shippedPage } from './static-files.js';

/** TCP connections besides those of sessions: page loads, clients that have not sent a token yet. */
const SPARE_CONNECTIONS = 256;

export interface LiveServer {
  /** For a browser on this machine, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /**
   * Notifies all clients, waits at most a second for them to leave, and stops the source. The engine belongs to the caller and stays open.
   * May be called more than once.
   */
  close(): Promise<void>;
}

/**
 * Serves the page, and the two WebSockets of docs/protocol.md: producers send frames and get results, viewers watch the server's own source.
 * @throws FerError CONFIG_INVALID for an invalid setting (a public address without a token, a port in use), INPUT_NOT_FOUND for `webFolder`
 */
export async function openLiveServer(engine: LiveEngine, options: LiveServerOptions = {}): Promise<LiveServer> {
  const settings = parseServerOptions(options);
  const { source, log } = settings;
  // Their packages are loaded when a server is opened, not with the library.
  const { ServerMetrics } = await import('./server-metrics.js');
  const { SessionFactory, UpgradeHandler } = await import('./upgrade-handler.js');
  const webFolder = settings.webFolder === undefined ? shippedPage() : settings.webFolder;
  const files = webFolder === null ? new Map<string, never>() : await readStaticFiles(webFolder);
  const http = createListener(settings.tls);
  const stopListening = stopper(http);

  let closing: Promise<void> | null = null;
  const sessions = new Sessions(settings, (count) => {
    http.maxConnections = SPARE_CONNECTIONS + count;
  });
  const auth = new Auth(settings);
  const engineHealth = new EngineHealth(engine);
  const metrics = new ServerMetrics({ engineHealth, sessions });
  const broadcast = source === null ? null : openBroadcast(source, engine, metrics, settings);
  const sessionFactory = new SessionFactory({ settings, engine, engineHealth, metrics, sessions, broadcast });
  const upgrades = new UpgradeHandler({ auth, log, sessionFactory, isClosing: () => closing !== null });
  const health = () =>
    healthReport({ engine, engineHealth, closing: closing !== null, source: broadcast?.state ?? null, sessions });
  http.on('request', httpRoutes({ auth, files, metrics, health, log }));
  http.on('upgrade', upgrades.onUpgrade);

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
  // Accepting connections can fail later too, when the process runs out of file handles.
  http.on('error', (error) => {
    log(`http: ${printable(FerError.from(error).message)}`);
  });
  return { url: listenerUrl(settings, port), port, close: () => (closing ??= close()) };
}

function openBroadcast(
  source: LiveSource,
  engine: LiveEngine,
  metrics: ServerMetrics,
  { sourceLinger, log }: LiveServerSettings,
): Broadcast {
  return new Broadcast(source, engine, {
    linger: sourceLinger,
    counter: metrics.frameCounter('viewer'),
    onLatency: (seconds) => {
      metrics.observeLatency('viewer', seconds);
    },
    log,
  });
}

/** Listens for a moment, so that a port in use is reported before the engine is loaded, which takes seconds. @throws FerError CONFIG_INVALID */
export async function assertCanListen(options: LiveServerOptions): Promise<void> {
  const { host, port, tls } = parseServerOptions(options);
  const trial = createListener(tls);
  await listen(trial, host, port);
  await new Promise((resolve) => trial.close(resolve));
}
