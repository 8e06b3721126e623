import type { LiveEngine } from '../live/live-engine.js';
import type { Role } from '../protocol/index.js';
import type { Broadcast } from './broadcast.js';
import type { Connection } from './connection.js';
import type { EngineWatch } from './engine-watch.js';
import { hello } from './hello.js';
import type { LiveServerSettings } from './live-server-options.js';
import { Producer } from './producer.js';
import type { ServerMetrics } from './server-metrics.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';
import { Viewer } from './viewer.js';

export interface ReceptionOptions {
  readonly settings: Pick<LiveServerSettings, 'maxProducers' | 'maxViewers' | 'messagesPerSecond'>;
  readonly engine: LiveEngine;
  readonly watch: EngineWatch;
  readonly metrics: ServerMetrics;
  readonly sessions: Sessions;
  /** Null where there is nothing to watch. */
  readonly broadcast: Broadcast | null;
}

/** Makes sessions of connections that hold the token, while there is room. */
export class Reception {
  constructor(private readonly options: ReceptionOptions) {}

  receive(role: Role, connection: Connection, query: URLSearchParams): void {
    const { sessions, settings } = this.options;
    const limit = role === 'producer' ? settings.maxProducers : settings.maxViewers;
    if (sessions.count(role) >= limit) {
      connection.end('TOO_MANY_SESSIONS', `the server takes ${limit} ${role}s at a time; try again later`);
      return;
    }
    const session = role === 'producer' ? this.producer(connection, query) : this.viewer(connection, query);
    if (session === null) return;
    sessions.add(session);
    connection.onClose(() => {
      connection.guard('close', () => {
        sessions.remove(session);
      });
    });
  }

  private producer(connection: Connection, query: URLSearchParams): Session {
    const { engine, watch, metrics, settings } = this.options;
    connection.send(hello('producer', engine, settings.messagesPerSecond));
    return new Producer(connection, engine, {
      landmarks: isSet(query, 'landmarks'),
      messagesPerSecond: settings.messagesPerSecond,
      tally: metrics.tally('producer'),
      load: () => watch.load(),
      onLatency: (seconds) => {
        metrics.observeLatency('producer', seconds);
      },
    });
  }

  private viewer(connection: Connection, query: URLSearchParams): Session | null {
    const { engine, watch, metrics, settings, broadcast } = this.options;
    if (broadcast === null) {
      connection.end('NO_SOURCE', 'nothing to watch: the server was started without a source');
      return null;
    }
    connection.send(hello('viewer', engine, settings.messagesPerSecond));
    return new Viewer(connection, broadcast, {
      landmarks: isSet(query, 'landmarks'),
      frames: isSet(query, 'frames'),
      load: () => watch.load(),
      onDropped: (messages) => {
        metrics.messagesDropped(messages);
      },
    });
  }
}

function isSet(query: URLSearchParams, name: string): boolean {
  return query.get(name) === '1';
}
