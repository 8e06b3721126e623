import type { LiveEngine, LiveSession, SessionListener } from '../live/live-engine.js';
import { FRAME_HEADER_BYTES, decodeFrameMessage } from '../protocol/messages.js';
import { clientMessage } from '../protocol/message-schema.js';
import { TokenBucket } from './connection.js';
import type { Connection } from './connection.js';
import type { FrameCounter } from './server-metrics.js';
import { resultText } from './outgoing-messages.js';
import type { Session } from './sessions.js';

/** Longest text message, in bytes. */
const LONGEST_TEXT = 1024;

/** Refusals per second: they must not become a flood themselves. */
const REFUSALS_PER_SECOND = 10;

/** The connection is closed after this many seconds' worth of messages beyond the limit. */
const PATIENCE = 5;

export interface ProducerOptions {
  readonly landmarks: boolean;
  readonly messagesPerSecond: number;
  readonly counter: FrameCounter;
  readonly load: () => number;
  /** Gets the seconds from a frame's arrival to its answer. */
  readonly onLatency: (seconds: number) => void;
}

/** A client that sends frames, and its engine session. */
export class Producer implements Session, SessionListener {
  readonly role = 'producer';
  private readonly session: LiveSession;
  private readonly allowed: TokenBucket;
  private readonly refusals: TokenBucket;
  private readonly patience: TokenBucket;

  /** @throws what the engine throws when it cannot open a session */
  constructor(
    readonly connection: Connection,
    engine: LiveEngine,
    private readonly options: ProducerOptions,
  ) {
    const rate = options.messagesPerSecond;
    this.allowed = new TokenBucket(rate, 2 * rate);
    this.refusals = new TokenBucket(REFUSALS_PER_SECOND, 2 * REFUSALS_PER_SECOND);
    this.patience = new TokenBucket(rate, PATIENCE * rate);
    this.session = engine.openSession(this);
    connection.onMessage((data, isBinary) => {
      this.receive(data, isBinary);
    });
    connection.onPing(() => {
      if (!this.allowed.take()) this.tooFast(null);
    });
  }

  onResult(result: Parameters<SessionListener['onResult']>[0]): void {
    this.connection.guard('result', () => {
      this.options.counter.add('answered');
      this.options.onLatency((result.timing.waited + result.timing.worked) / 1000);
      this.connection.sendData(resultText(result, this.options.landmarks));
    });
  }

  onSkipped(...[sequence, reason]: Parameters<SessionListener['onSkipped']>): void {
    this.options.counter.add('skipped');
    this.connection.send({ type: 'skipped', sequence, reason });
  }

  onProblem(...[sequence, problem]: Parameters<SessionListener['onProblem']>): void {
    this.options.counter.add('refused');
    this.connection.problem(problem, sequence);
  }

  sendStats(): void {
    this.connection.send({ type: 'stats', ...this.options.counter.stats(), dropped: 0, load: this.options.load() });
  }

  close(): void {
    this.session.close();
  }

  private receive(data: Uint8Array, isBinary: boolean): void {
    if (isBinary) this.options.counter.add('received');
    if (!this.allowed.take()) {
      if (isBinary) this.options.counter.add('refused');
      this.tooFast(isBinary ? data : null);
    } else if (isBinary) this.receiveFrame(data);
    else this.receiveText(data);
  }

  private receiveFrame(data: Uint8Array): void {
    const frame = decodeFrameMessage(data);
    if (typeof frame === 'string') {
      this.options.counter.add('refused');
      this.connection.problem({ code: 'BAD_HEADER', message: frame }, readableSequence(data));
      return;
    }
    const { sequence, captureTime, jpeg } = frame;
    // Copied: ws hands out views into a shared buffer, and the engine takes ownership of the bytes.
    this.session.submit({ sequence, captureTime, picture: { kind: 'jpeg', bytes: new Uint8Array(jpeg) } });
  }

  private receiveText(data: Uint8Array): void {
    if (isReset(data)) this.session.reset();
    else
      this.connection.problem({
        code: 'BAD_MESSAGE',
        message: 'unknown message; a producer sends frames as binary messages and {"type":"reset"} as text',
      });
  }

  private tooFast(data: Uint8Array | null): void {
    const { messagesPerSecond } = this.options;
    if (!this.patience.take())
      this.connection.end(
        'TOO_FAST',
        `far more than ${messagesPerSecond} messages per second; wait for answers before sending`,
      );
    else if (this.refusals.take()) {
      const message = `more than ${messagesPerSecond} messages per second; wait for answers before sending`;
      this.connection.problem({ code: 'TOO_FAST', message }, data === null ? null : readableSequence(data));
    }
  }
}

/** The sequence number of a message that may not be a valid frame; null if it is too short. */
function readableSequence(data: Uint8Array): number | null {
  if (data.byteLength < FRAME_HEADER_BYTES) return null;
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(4);
}

function isReset(data: Uint8Array): boolean {
  if (data.byteLength > LONGEST_TEXT) return false;
  try {
    return clientMessage.safeParse(JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()))
      .success;
  } catch {
    return false;
  }
}
