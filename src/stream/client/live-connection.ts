import { decodeFrameMessage } from '../protocol/index.js';
import type { ClientMessage, FrameMessage, Problem, ServerMessage } from '../protocol/index.js';
import { backOff } from './back-off.js';
import { closingProblem, isHopeless } from './connection-state.js';
import type { ConnectionState } from './connection-state.js';
import { parseServerMessage } from './parse-message.js';
import type { Socket, SocketClass } from './socket.js';

/** The server sends statistics every two seconds; after so long without a word the connection is taken for dead. */
export const SILENCE = 15_000;

/** A connection that held this long was a success: the next back-off begins anew. */
const STEADY = 5_000;

const CHECK_EVERY = 1_000;

export interface ConnectionHandlers {
  onState(state: ConnectionState): void;
  onMessage(message: ServerMessage): void;
  onPicture(picture: FrameMessage): void;
}

/** One WebSocket after another to the same address, until it is closed or refused. */
export class LiveConnection {
  private socket: Socket | null = null;
  private failures = 0;
  private openedAt: number | null = null;
  private heardAt = 0;
  private problem: Problem | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private checkTimer: ReturnType<typeof setInterval> | undefined;
  private current: ConnectionState = { state: 'connecting' };

  constructor(
    private readonly address: string,
    private readonly SocketClass: SocketClass,
    private readonly handlers: ConnectionHandlers,
  ) {}

  get state(): ConnectionState {
    return this.current;
  }

  open(): void {
    clearTimeout(this.retryTimer);
    this.problem = null;
    this.openedAt = null;
    this.heardAt = Date.now();
    this.setState({ state: 'connecting' });
    // A listener may have closed it.
    if (this.current.state !== 'connecting') return;
    const socket = new this.SocketClass(this.address);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.checkTimer = setInterval(() => {
      if (Date.now() - this.heardAt > SILENCE) this.fail(`the server has not said anything for ${SILENCE / 1000} s`);
    }, CHECK_EVERY);
    // A socket that has been given up may still have something to say.
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.socket) this.hear(data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (socket === this.socket) this.ended(code, reason);
    });
    // "close" follows, and says as much; but ws throws what nobody listens to.
    socket.addEventListener('error', () => undefined);
  }

  /** @returns false when there is no open connection to send by */
  send(data: Uint8Array<ArrayBuffer> | Blob | ClientMessage): boolean {
    if (this.current.state !== 'open' || this.socket === null) return false;
    this.socket.send(data instanceof Uint8Array || data instanceof Blob ? data : JSON.stringify(data));
    return true;
  }

  /** Does not wait for the next try any longer. */
  retryNow(): void {
    if (this.current.state === 'waiting') this.open();
  }

  /** Gives the connection up, and makes a new one after a while. */
  fail(reason: string): void {
    this.letGo(4000, 'given up');
    this.retryLater(reason);
  }

  close(): void {
    this.letGo(1000, 'done');
    clearTimeout(this.retryTimer);
    this.setState({ state: 'closed' });
  }

  private hear(data: unknown): void {
    this.heardAt = Date.now();
    if (data instanceof ArrayBuffer) {
      const picture = decodeFrameMessage(new Uint8Array(data));
      if (typeof picture !== 'string') this.handlers.onPicture(picture);
      return;
    }
    const message = parseServerMessage(String(data));
    if (message === null) return;
    if (message.type === 'hello') {
      this.openedAt = this.heardAt;
      this.setState({ state: 'open', hello: message });
      if (this.current.state !== 'open') return;
    }
    if (message.type === 'error' && message.fatal) this.problem = message;
    this.handlers.onMessage(message);
  }

  private ended(code: number, reason: string): void {
    const problem = this.problem ?? closingProblem(code, reason);
    const neverOpened = this.openedAt === null;
    this.letGo();
    if (problem !== null && isHopeless(problem)) {
      this.setState({ state: 'refused', problem: { code: problem.code, message: problem.message } });
      return;
    }
    this.retryLater(problem?.message ?? (neverOpened ? 'the server cannot be reached' : 'the connection broke off'));
  }

  private retryLater(reason: string): void {
    const steady = this.openedAt !== null && Date.now() - this.openedAt >= STEADY;
    this.failures = steady ? 1 : this.failures + 1;
    const wait = backOff(this.failures, Math.random());
    this.retryTimer = setTimeout(() => {
      this.open();
    }, wait);
    this.setState({ state: 'waiting', reason, retryAt: Date.now() + wait });
  }

  private letGo(code?: number, reason?: string): void {
    const { socket } = this;
    this.socket = null;
    clearInterval(this.checkTimer);
    if (code !== undefined) socket?.close(code, reason);
  }

  private setState(state: ConnectionState): void {
    this.current = state;
    this.handlers.onState(state);
  }
}
