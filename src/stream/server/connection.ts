import type { RawData, WebSocket } from 'ws';
import { FerError, printable } from '../../errors/fer-error.js';
import { CLOSE_CODES } from '../protocol/messages.js';
import type { Problem, Role, ServerMessage } from '../protocol/messages.js';

/** Allows bursts of `burst` and `rate` per second in the long run. */
export class TokenBucket {
  private tokens: number;
  private since: number;

  constructor(
    private readonly rate: number,
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = burst;
    this.since = now();
  }

  /** @returns whether a token was left */
  take(): boolean {
    const time = this.now();
    this.tokens = Math.min(this.burst, this.tokens + ((time - this.since) / 1000) * this.rate);
    this.since = time;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}

/** Bytes that may wait for a client to read them; beyond that, messages to a viewer are dropped and a producer is paused. */
export const BACKLOG_BYTES = 256 * 1024;

/** Milliseconds a client has to answer a close frame. */
const CLOSE_GRACE = 1_000;

type FatalCode = keyof typeof CLOSE_CODES;

/** The WebSocket of one client of any role. */
export class Connection {
  private ending = false;
  private paused = false;
  private unanswered = 0;
  private grace: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: WebSocket,
    /** A producer gets an answer to every frame; to keep answers from piling up, its socket is paused. */
    private readonly role: Role,
    private readonly log: (line: string) => void,
  ) {
    socket.on('pong', this.heard);
    socket.on('message', this.heard);
    // Invalid frames, messages that are too long: ws closes the connection with the matching code, then waits for an answer.
    socket.on('error', () => {
      this.ending = true;
      this.expire();
    });
    socket.on('close', () => {
      this.ending = true;
      clearTimeout(this.grace);
    });
  }

  /** Bytes sent but still buffered in this process. */
  get backlog(): number {
    return this.socket.bufferedAmount;
  }

  onMessage(handle: (data: Uint8Array, isBinary: boolean) => void): void {
    this.socket.on('message', (data: RawData, isBinary) => {
      if (this.ending) return;
      this.guard('message', () => {
        handle(data as Buffer, isBinary);
      });
    });
  }

  /** Called for pings from the client, which ws answers automatically. */
  onPing(handle: () => void): void {
    this.socket.on('ping', () => {
      if (!this.ending) handle();
    });
  }

  onClose(handle: () => void): void {
    this.socket.once('close', handle);
  }

  send(message: ServerMessage): void {
    this.sendData(JSON.stringify(message));
  }

  sendData(data: string | Uint8Array): void {
    if (this.ending) return;
    this.socket.send(data, this.written);
    if (this.role === 'producer' && !this.paused && this.backlog > BACKLOG_BYTES) {
      this.paused = true;
      this.socket.pause();
    }
  }

  problem(problem: Problem, sequence: number | null = null): void {
    this.send({ type: 'error', ...problem, sequence, fatal: false });
  }

  /** Sends the reason and closes. */
  end(code: FatalCode, message: string): void {
    if (this.ending) return;
    this.send({ type: 'error', code, message, sequence: null, fatal: true });
    this.ending = true;
    // A paused socket would never receive the client's answer.
    if (this.paused) this.socket.resume();
    this.socket.close(CLOSE_CODES[code], code);
    this.expire();
  }

  /** Runs a handler; an error in it ends this connection only. */
  guard(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.log(`${this.role}: ${what} failed: ${printable(FerError.from(error).message)}`);
      this.end('INTERNAL', 'internal error in the server; reconnect');
    }
  }

  /** Sends a ping, or disconnects a client that answered none of the last `maxMissed`. Counted in pings: a clock would also run while the server itself is blocked. */
  ping(maxMissed: number): void {
    this.unanswered += 1;
    if (this.unanswered > maxMissed) this.socket.terminate();
    else this.socket.ping();
  }

  private readonly heard = (): void => {
    this.unanswered = 0;
  };

  private readonly written = (): void => {
    if (!this.paused || this.backlog > BACKLOG_BYTES / 2) return;
    this.paused = false;
    this.socket.resume();
  };

  private expire(): void {
    this.grace ??= setTimeout(() => {
      this.socket.terminate();
    }, CLOSE_GRACE);
  }
}
