import type { ConnectionState } from '../client/connection-state.js';
import type { HelloMessage, ResultMessage, SourceMessage, StatsMessage } from '../protocol/messages.js';

/** A result, and the very picture it belongs to (null where none came). */
export interface Answer {
  readonly result: ResultMessage;
  readonly hello: HelloMessage;
  /** Stays as it is until the next answer. */
  readonly picture: CanvasImageSource | null;
}

export interface FeedHandlers {
  onAnswer(answer: Answer): void;
  onState(state: ConnectionState): void;
  /** A session begins: faces are numbered anew. */
  onHello(hello: HelloMessage): void;
  onSource(message: SourceMessage): void;
  onStats(message: StatsMessage): void;
}

/** Where answers come from: the own camera, or the server's source. */
export interface Feed {
  retryNow(): void;
  close(): void;
}
