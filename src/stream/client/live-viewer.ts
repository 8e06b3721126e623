import { WATCH_PATH } from '../protocol/index.js';
import type {
  ErrorMessage,
  FrameMessage,
  HelloMessage,
  ResultMessage,
  ServerMessage,
  SourceMessage,
  StatsMessage,
} from '../protocol/index.js';
import type { ConnectionState } from './connection-state.js';
import { Listeners } from './listeners.js';
import { liveAddress } from './live-address.js';
import { LiveConnection } from './live-connection.js';
import { commonQuery } from './client-options.js';
import type { LiveClientOptions } from './client-options.js';
import { socketClass } from './socket.js';

export interface LiveViewerOptions extends LiveClientOptions {
  /** True: the pictures come too, each before its result. */
  readonly frames?: boolean | undefined;
}

export interface LiveViewerEvents {
  state: ConnectionState;
  /** A session begins: faces are numbered anew. */
  hello: HelloMessage;
  result: ResultMessage;
  /** A picture of the source; the result with its `sequence` belongs to it. */
  frame: FrameMessage;
  source: SourceMessage;
  problem: ErrorMessage;
  stats: StatsMessage;
}

/** Hears what the server's own source shows. Connects by itself, and again after a break. */
export class LiveViewer {
  private readonly listeners = new Listeners<LiveViewerEvents>();
  private readonly connection: LiveConnection;

  /**
   * @param server "http://localhost:8787", or any other http, https, ws or wss address
   * @throws FerError CONFIG_INVALID for an address that is none, or where there is no WebSocket
   */
  constructor(server: string, options: LiveViewerOptions = {}) {
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

  get state(): ConnectionState {
    return this.connection.state;
  }

  /** @returns a function that ends the listening */
  on<Name extends keyof LiveViewerEvents>(event: Name, listener: (value: LiveViewerEvents[Name]) => void): () => void {
    return this.listeners.on(event, listener);
  }

  /** Tries at once instead of waiting for the next try. */
  retryNow(): void {
    this.connection.retryNow();
  }

  close(): void {
    this.connection.close();
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
