import type { Problem, SourceMessage } from '../protocol/index.js';
import type { Broadcast, Watcher } from './broadcast.js';
import { BACKLOG_BYTES } from './connection.js';
import type { Connection } from './connection.js';
import type { FrameCounts } from './frame-tally.js';
import type { Session } from './session.js';
import { TokenBucket } from './token-bucket.js';

/** A viewer has nothing to say; who says this much all the same is cut off. */
const MESSAGES_PER_SECOND = 5;
const MESSAGES_AT_ONCE = 50;

export interface ViewerOptions {
  readonly frames: boolean;
  readonly landmarks: boolean;
  readonly load: () => number;
  readonly onDropped: (messages: number) => void;
}

/** A client that watches the server's source. What it does not read in time is left out for it, and for it alone. */
export class Viewer implements Session, Watcher {
  readonly role = 'viewer';
  readonly wantsFrames: boolean;
  readonly wantsLandmarks: boolean;
  private readonly allowed = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE);
  private readonly since: FrameCounts;
  private told: SourceMessage | null = null;
  private dropped = 0;

  constructor(
    readonly connection: Connection,
    private readonly broadcast: Broadcast,
    private readonly options: ViewerOptions,
  ) {
    this.wantsFrames = options.frames;
    this.wantsLandmarks = options.landmarks;
    this.since = broadcast.tally.now();
    connection.onMessage(() => {
      if (this.mayTalk())
        connection.problem({
          code: 'NOT_ALLOWED',
          message: 'a viewer only listens; a producer connection takes frames',
        });
    });
    connection.onPing(() => {
      this.mayTalk();
    });
    broadcast.add(this);
    this.tellSource();
  }

  /** How the source does, unless that was said already. A viewer that is behind is told with what it gets next. */
  tellSource(): void {
    if (this.told === this.broadcast.state || this.isBehind()) return;
    this.told = this.broadcast.state;
    this.connection.send(this.told);
  }

  /** A result, after its picture where there is one: both or none of them. */
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
        ...this.broadcast.tally.stats(this.since),
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

  private mayTalk(): boolean {
    if (this.allowed.take()) return true;
    this.connection.end('TOO_FAST', 'a viewer only listens');
    return false;
  }
}
