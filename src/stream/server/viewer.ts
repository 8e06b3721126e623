import type { Problem, SourceMessage } from '../protocol/messages.js';
import type { Broadcast, Watcher } from './broadcast.js';
import { BACKLOG_BYTES, TokenBucket } from './connection.js';
import type { Connection } from './connection.js';
import type { FrameCounts } from './server-metrics.js';
import type { Session } from './sessions.js';

/** A viewer has no messages to send; one that sends more than this is disconnected. */
const MESSAGES_PER_SECOND = 5;
const MESSAGES_AT_ONCE = 50;

export interface ViewerOptions {
  readonly frames: boolean;
  readonly landmarks: boolean;
  readonly load: () => number;
  readonly onDropped: (messages: number) => void;
}

/** A client that watches the server's source. Messages it does not read in time are dropped for it alone. */
export class Viewer implements Session, Watcher {
  readonly role = 'viewer';
  readonly wantsFrames: boolean;
  readonly wantsLandmarks: boolean;
  private readonly allowed = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE);
  private readonly since: FrameCounts;
  private sentState: SourceMessage | null = null;
  private dropped = 0;

  constructor(
    readonly connection: Connection,
    private readonly broadcast: Broadcast,
    private readonly options: ViewerOptions,
  ) {
    this.wantsFrames = options.frames;
    this.wantsLandmarks = options.landmarks;
    this.since = broadcast.counter.counts();
    connection.onMessage(() => {
      if (this.checkRate())
        connection.problem({
          code: 'NOT_ALLOWED',
          message: 'a viewer must not send messages; send frames over a producer connection',
        });
    });
    connection.onPing(() => {
      this.checkRate();
    });
    broadcast.add(this);
    this.tellSource();
  }

  /** Sends the state of the source unless it was sent already. A viewer that is behind gets it with its next message. */
  tellSource(): void {
    if (this.sentState === this.broadcast.state || this.isBehind()) return;
    this.sentState = this.broadcast.state;
    this.connection.send(this.sentState);
  }

  /** Sends a result, after its picture if there is one: both or neither. */
  deliver(text: string, picture: Uint8Array | null): void {
    if (this.isBehind()) {
      this.drop(picture === null ? 1 : 2);
      return;
    }
    this.tellSource();
    if (picture !== null) this.connection.sendData(picture);
    this.connection.sendData(text);
  }

  problem(sequence: number, problem: Problem): void {
    if (this.isBehind()) this.drop(1);
    else this.connection.problem(problem, sequence);
  }

  sendStats(): void {
    this.tellSource();
    if (this.isBehind()) this.drop(1);
    else
      this.connection.send({
        type: 'stats',
        ...this.broadcast.counter.stats(this.since),
        dropped: this.dropped,
        load: this.options.load(),
      });
  }

  close(): void {
    this.broadcast.remove(this);
  }

  private isBehind(): boolean {
    return this.connection.backlog > BACKLOG_BYTES;
  }

  private drop(messages: number): void {
    this.dropped += messages;
    this.options.onDropped(messages);
  }

  private checkRate(): boolean {
    if (this.allowed.take()) return true;
    this.connection.end('TOO_FAST', 'a viewer must not send messages');
    return false;
  }
}
