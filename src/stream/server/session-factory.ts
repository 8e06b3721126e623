import type { LiveEngine } from '../live/live-engine.js';
import type { Role } from '../protocol/messages.js';
import type { Broadcast } from './broadcast.js';
import type { Connection } from './connection.js';
import type { EngineHealth } from './engine-health.js';
import { hello } from './outgoing-messages.js';
import type { LiveServerSettings } from './live-server-options.js';
import { Producer } from './producer.js';
import type { ServerMetrics } from './server-metrics.js';
import type { Session, Sessions } from './sessions.js';
import { Viewer } from './viewer.js';

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
