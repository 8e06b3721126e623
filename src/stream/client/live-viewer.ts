import { WATCH_PATH } from '../protocol/messages.js';
import type {
  ErrorMessage,
  HelloMessage,
  ResultMessage,
  ServerMessage,
  SourceMessage,
  StatsMessage,
  FrameMessage,
} from '../protocol/messages.js';
import { LiveClient, LiveConnection } from './live-connection.js';
import type { ConnectionState } from './live-connection.js';
import { commonQuery, liveAddress, socketClass } from './client-options.js';
import type { LiveClientOptions } from './client-options.js';

export interface LiveViewerOptions extends LiveClientOptions {
  /** True: pictures are sent too, each before its result. */
  readonly frames?: boolean | undefined;
}

export interface LiveViewerEvents {
  state: ConnectionState;
  /** A session starts: face ids start again at 1. */
  hello: HelloMessage;
  result: ResultMessage;
  /** A picture of the source; its result has the same `sequence`. */
  frame: FrameMessage;
  source: SourceMessage;
  problem: ErrorMessage;
  stats: StatsMessage;
}

/** Receives the results of the server's own source. Connects and reconnects automatically. */
export class LiveViewer extends LiveClient<LiveViewerEvents> {
  protected readonly connection: LiveConnection;

  /**
   * @param server "http://localhost:8787", or any other http, https, ws or wss address
   * @throws FerError CONFIG_INVALID for an invalid address, or without a WebSocket
   */
  constructor(server: string, options: LiveViewerOptions = {}) {
    super();
    const query = { ...commonQuery(options), frames: options.frames === true ? '1' : undefined };
    this.connection = new LiveConnection(liveAddress(server, WATCH_PATH, query), socketClass(options.WebSocket), {
      onState: (state) => {
        this.listeners.emit('state', state);
      },
      onMessage: (message) => {
        this.hear(message);
      },
      onPicture: (picture) => {
        this.listeners.emit('frame', picture);
      },
    });
    this.connection.open();
  }

  private hear(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.listeners.emit('hello', message);
        return;
      case 'result':
        this.listeners.emit('result', message);
        return;
      case 'source':
        this.listeners.emit('source', message);
        return;
      case 'error':
        this.listeners.emit('problem', message);
        return;
      case 'stats':
        this.listeners.emit('stats', message);
        return;
      case 'skipped':
    }
  }
}
