import { encodeFrameHeader, FRAME_HEADER_BYTES, PRODUCE_PATH } from '../protocol/messages.js';
import type {
  ErrorMessage,
  HelloMessage,
  ResultMessage,
  ServerMessage,
  SkippedMessage,
  StatsMessage,
} from '../protocol/messages.js';
import { commonQuery, liveAddress, socketClass } from './client-options.js';
import type { LiveClientOptions } from './client-options.js';
import { LiveClient, LiveConnection, SILENCE } from './live-connection.js';
import type { ConnectionState } from './live-connection.js';

/** Credit-based flow control: at most `limit` frames are unanswered at any time. */
class Credits {
  /** Sequence number to time of sending (milliseconds, as performance.now()), oldest first. */
  private readonly unanswered = new Map<number, number>();

  constructor(private limit: number) {}

  get free(): number {
    return Math.max(0, this.limit - this.unanswered.size);
  }

  /** When the oldest unanswered frame was sent; null if there is none. */
  get oldest(): number | null {
    return this.unanswered.values().next().value ?? null;
  }

  /** The server may allow fewer than the caller wants. */
  setLimit(limit: number): void {
    this.limit = limit;
  }

  /** @returns false when there is no credit */
  take(sequence: number, time: number): boolean {
    if (this.free === 0 || this.unanswered.has(sequence)) return false;
    this.unanswered.set(sequence, time);
    return true;
  }

  /** @returns false for an answer to an unknown frame */
  release(sequence: number): boolean {
    return this.unanswered.delete(sequence);
  }

  /** The connection is lost. @returns the sequence numbers that will never be answered */
  releaseAll(): readonly number[] {
    const lost = [...this.unanswered.keys()];
    this.unanswered.clear();
    return lost;
  }
}

export interface LiveProducerOptions extends LiveClientOptions {
  /** Frames that may be unanswered at a time; the server may allow fewer. Default 2: one on the way while one is analyzed. */
  readonly framesInFlight?: number | undefined;
}

export interface LiveProducerEvents {
  state: ConnectionState;
  /** A session starts: face ids start again at 1. */
  hello: HelloMessage;
  result: ResultMessage;
  skipped: SkippedMessage;
  /** An error, of a frame (`sequence`) or of the session; also of a picture with more bytes than the server accepts, which is not sent. */
  problem: ErrorMessage;
  stats: StatsMessage;
  /** Sequence numbers of frames that will not be answered, because the connection was lost. */
  lost: readonly number[];
}

export interface ProducerCounts {
  readonly sent: number;
  /** Passed to `send` without a connection, with too many unanswered, too soon after the last one, or with too many bytes. */
  readonly dropped: number;
  /** Sent, but the connection was lost before the answer. */
  readonly lost: number;
}

/** Sends pictures to a live server and receives the results. Connects and reconnects automatically. */
export class LiveProducer extends LiveClient<LiveProducerEvents> {
  protected readonly connection: LiveConnection;
  private readonly credits: Credits;
  private readonly framesInFlight: number;
  private readonly counters = { sent: 0, dropped: 0, lost: 0 };
  private sequence = 0;
  /** Minimum milliseconds between two frames, by the server's limit. */
  private shortestGap = 0;
  private sentAt = -Infinity;

  /**
   * @param server "http://localhost:8787", or any other http, https, ws or wss address
   * @throws FerError CONFIG_INVALID for an invalid address, or without a WebSocket
   */
  constructor(server: string, options: LiveProducerOptions = {}) {
    super();
    this.framesInFlight = options.framesInFlight ?? 2;
    this.credits = new Credits(this.framesInFlight);
    this.connection = new LiveConnection(
      liveAddress(server, PRODUCE_PATH, commonQuery(options)),
      socketClass(options.WebSocket),
      {
        onState: (state) => {
          this.stateChanged(state);
        },
        onMessage: (message) => {
          this.hear(message);
        },
        onPicture: () => undefined,
      },
    );
    this.connection.open();
  }

  /** True when the next `send` will send. */
  get canSend(): boolean {
    return this.state.state === 'open' && this.credits.free > 0 && performance.now() - this.sentAt >= this.shortestGap;
  }

  get counts(): ProducerCounts {
    return { ...this.counters };
  }

  /**
   * Sends one picture. If `canSend` is false, or the picture has more bytes than the server accepts, it is dropped and counted.
   * @param captureTime milliseconds by the caller's clock, not decreasing; the result carries it
   * @returns the sequence number of its one answer; null if it was dropped
   */
  send(jpeg: Uint8Array | Blob, captureTime: number): number | null {
    const { sequence, state } = this;
    const bytes = FRAME_HEADER_BYTES + (jpeg instanceof Blob ? jpeg.size : jpeg.byteLength);
    // The server would close the connection, and the same picture again the next one.
    const isTooLong = state.state === 'open' && bytes > state.hello.limits.messageBytes;
    if (!this.canSend || isTooLong || !this.credits.take(sequence, performance.now())) {
      this.counters.dropped += 1;
      if (isTooLong) this.refuse(bytes, state.hello.limits.messageBytes);
      return null;
    }
    this.connection.send(frameMessage(encodeFrameHeader({ sequence, captureTime }), jpeg));
    this.sequence = (sequence + 1) % 2 ** 32;
    this.sentAt = performance.now();
    this.counters.sent += 1;
    return sequence;
  }

  /** Announces a new scene: tracking and clips start again. */
  reset(): void {
    this.connection.send({ type: 'reset' });
  }

  private refuse(bytes: number, limit: number): void {
    this.listeners.emit('problem', {
      type: 'error',
      code: 'PICTURE_TOO_LARGE',
      message: `the picture takes ${bytes} bytes; the server accepts ${limit}: send it smaller, or with more compression`,
      sequence: null,
      fatal: false,
    });
  }

  private hear(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.credits.setLimit(Math.min(this.framesInFlight, message.limits.framesInFlight));
        this.shortestGap = Math.ceil(1000 / message.limits.messagesPerSecond);
        this.listeners.emit('hello', message);
        return;
      case 'result':
        this.credits.release(message.sequence);
        this.listeners.emit('result', message);
        return;
      case 'skipped':
        this.credits.release(message.sequence);
        this.listeners.emit('skipped', message);
        return;
      case 'error':
        if (message.sequence !== null) this.credits.release(message.sequence);
        this.listeners.emit('problem', message);
        return;
      case 'stats':
        this.listeners.emit('stats', message);
        if (this.credits.oldest !== null && performance.now() - this.credits.oldest > SILENCE) {
          this.connection.fail(`no answer to a frame for ${SILENCE / 1000} s`);
        }
        return;
      case 'source':
    }
  }

  private stateChanged(state: ConnectionState): void {
    if (state.state !== 'open') {
      const lost = this.credits.releaseAll();
      this.counters.lost += lost.length;
      if (lost.length > 0) this.listeners.emit('lost', lost);
    }
    this.listeners.emit('state', state);
  }
}

/** A Blob stays where the browser keeps it; bytes are copied after the header. */
function frameMessage(header: Uint8Array<ArrayBuffer>, jpeg: Uint8Array | Blob): Uint8Array<ArrayBuffer> | Blob {
  if (jpeg instanceof Blob) return new Blob([header, jpeg]);
  const message = new Uint8Array(header.length + jpeg.length);
  message.set(header);
  message.set(jpeg, header.length);
  return message;
}
