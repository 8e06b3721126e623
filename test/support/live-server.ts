import { onTestFinished } from 'vitest';
import type { ClientOptions } from 'ws';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import type { LiveServer } from '../../src/stream/server/live-server.js';
import type { LiveServerOptions } from '../../src/stream/server/live-server-options.js';
import { FakeLiveEngine } from './fake-live-engine.js';
import type { FakeEngineOptions } from './fake-live-engine.js';
import { LiveClient } from './live-client.js';

export interface TestServer {
  readonly server: LiveServer;
  readonly engine: FakeLiveEngine;
  /** Lines of the server's log. */
  readonly log: readonly string[];
  /** A client at `path`; its misfits must be looked at by the test. */
  readonly connect: (path: string, options?: ClientOptions) => Promise<LiveClient>;
}

/** A server on a free port with a fake engine; stopped, like its clients, when the test ends. */
export async function startServer(
  options: LiveServerOptions = {},
  engineOptions: FakeEngineOptions = {},
): Promise<TestServer> {
  const engine = new FakeLiveEngine(engineOptions);
  const log: string[] = [];
  const server = await openLiveServer(engine, { port: 0, log: (line) => log.push(line), ...options });
  const clients: LiveClient[] = [];
  onTestFinished(async () => {
    for (const { socket } of clients) socket.terminate();
    await server.close();
  });
  return {
    server,
    engine,
    log,
    async connect(path, clientOptions) {
      const client = await LiveClient.connect(server.url + path, clientOptions);
      clients.push(client);
      return client;
    },
  };
}

/** The value of one line of /metrics, given as it begins. */
export async function metric(url: string, line: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.slice(line.length) ?? NaN,
  );
}
