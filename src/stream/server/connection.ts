import type { RawData, WebSocket } from 'ws';
import { CLOSE_CODES } from '../protocol/index.js';
import type { Problem, Role, ServerMessage } from '../protocol/index.js';
import { errorLine } from './error-line.js';

/** Bytes that may wait for a client to read them: then a viewer's messages are left out, and a producer is not listened to. */
export const BACKLOG_BYTES = 256 * 1024;

/** Milliseconds a client has to answer the closing of its connection. */
const CLOSE_GRACE = 1_000;

export type FatalCode = keyof typeof CLOSE_CODES;

/** One client's WebSocket: what all kinds of connections have in common. */
export class Connection {
  private ending = false;
  private paused = false;
  private unanswered = 0;
  private grace: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: WebSocket,
    /** A producer is answered for every frame, so that the only way not to pile up answers is to take no more frames. */
    private readonly role: Role,
    private readonly log: (line: string) => void,
  ) {
    socket.on('pong', this.heard);
    socket.on('message', this.heard);
    // Broken frames, messages that are too long: ws closes the connection with the code for it, and then waits for an answer.
    socket.on('error', () => {
      this.ending = true;
      this.expire();
    });
    socket.on('close', () => {
      this.ending = true;
      clearTimeout(this.grace);
    });
  }

  /** Bytes sent that are still in this process. */
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

  /** Called for pings of the client's own, which ws answers by itself. */
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

  /** Says why, and closes. */
  end(code: FatalCode, message: string): void {
    if (this.ending) return;
    this.send({ type: 'error', code, message, sequence: null, fatal: true });
    this.ending = true;
    // A paused socket would never see the client's answer.
    if (this.paused) this.socket.resume();
    this.socket.close(CLOSE_CODES[code], code);
    this.expire();
  }

  /** Runs a handler whose failure must end this connection only. */
  guard(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.log(`${this.role}: ${what} failed: ${errorLine(error)}`);
      this.end('INTERNAL', 'the server failed at this; connect again');
    }
  }

  /** Asks for a sign of life, or cuts the client off where there was none after the last `patience` times. Counted in pings: a clock would also run while the server itself is held up. */
  ping(patience: number): void {
    this.unanswered += 1;
    if (this.unanswered > patience) this.socket.terminate();
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
