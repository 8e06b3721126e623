import type { ConnectionState } from '../client/live-connection.js';
import type { HelloMessage, ResultMessage, SourceMessage, StatsMessage } from '../protocol/messages.js';

/** A result and the picture it belongs to (null if none came). */
export interface Answer {
  readonly result: ResultMessage;
  readonly hello: HelloMessage;
  /** Unchanged until the next answer. */
  readonly picture: CanvasImageSource | null;
}

export interface FeedHandlers {
  onAnswer(answer: Answer): void;
  onState(state: ConnectionState): void;
  /** A session starts: face ids start again at 1. */
  onHello(hello: HelloMessage): void;
  onSource(message: SourceMessage): void;
  onStats(message: StatsMessage): void;
}

/** Where answers come from: a camera of this device, or the server's source. */
export interface Feed {
  retryNow(): void;
  close(): void;
}
