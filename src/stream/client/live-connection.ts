import { decodeFrameMessage, CLOSE_CODES, parseServerMessage } from '../protocol/messages.js';
import type {
  FrameMessage,
  ClientMessage,
  HelloMessage,
  Problem,
  ProblemCode,
  ServerMessage,
} from '../protocol/messages.js';
import type { Socket, SocketClass } from './client-options.js';

/** Typed events; `on` returns a function that removes the listener. */
class Listeners<Events extends object> {
  private readonly sets = new Map<keyof Events, Set<(value: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const set = this.sets.get(name) ?? new Set();
    this.sets.set(name, set.add(listener));
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    // A copy: a listener may remove itself while it is called.
    for (const listener of [...(this.sets.get(name) ?? [])]) {
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        // It is the program's, and reported as such. Thrown from here it would reach the socket, which then reads no more.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** The state of a connection. */
export type ConnectionState =
  | { readonly state: 'connecting' }
  | { readonly state: 'open'; readonly hello: HelloMessage }
  /** It was lost or could not be opened; the next attempt is at `retryAt` (milliseconds, as Date.now()). */
  | { readonly state: 'waiting'; readonly reason: string; readonly retryAt: number }
  /** The server refuses this client, and trying again would not help. */
  | { readonly state: 'refused'; readonly problem: Problem }
  /** `close()` was called. */
  | { readonly state: 'closed' };

const PERMANENT: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'UNAUTHORIZED',
  'ORIGIN_NOT_ALLOWED',
  'NO_SOURCE',
  'NOT_ALLOWED',
]);

/** True for a problem that another attempt cannot solve. */
function isPermanent({ code }: Problem): boolean {
  return PERMANENT.has(code);
}

/** The problem behind a close code of the server, in case its message was lost; null for any other code. */
function closingProblem(closeCode: number, reason: string): Problem | null {
  const found = Object.entries(CLOSE_CODES).find(([, number]) => number === closeCode);
  return found === undefined
    ? null
    : { code: found[0] as ProblemCode, message: reason === '' ? `the server closed with ${closeCode}` : reason };
}

const SHORTEST = 500;
const LONGEST = 15_000;

/**
 * Milliseconds until the next attempt: doubled after every failure up to 15 s, minus up to half at random, so that the clients of a server that
 * comes back do not all reconnect at once.
 * @param failures in a row, from 1
 * @param random in [0, 1)
 */
export function backOff(failures: number, random: number): number {
  const whole = Math.min(LONGEST, SHORTEST * 2 ** (failures - 1));
  return Math.round(whole * (1 - random / 2));
}

/** The server sends statistics every two seconds; after this long without a message the connection counts as dead. */
export const SILENCE = 15_000;

/** A connection that lasted this long was a success: the back-off starts again. */
const STEADY = 5_000;

const CHECK_EVERY = 1_000;

interface ConnectionHandlers {
  onState(state: ConnectionState): void;
  onMessage(message: ServerMessage): void;
  onPicture(picture: FrameMessage): void;
}

/** A WebSocket that reconnects until it is closed or refused. */
export class LiveConnection {
  private socket: Socket | null = null;
  private failures = 0;
  /** By the steady clock: that of the system is set now and then, by hours too. */
  private openedAt: number | null = null;
  /** By the system's clock, which goes on while the device sleeps: after that, a connection is dead. */
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
    // A state listener may have closed it.
    if (this.current.state !== 'connecting') return;
    const socket = new this.SocketClass(this.address);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.checkTimer = setInterval(() => {
      if (Math.abs(Date.now() - this.heardAt) > SILENCE)
        this.fail(`no message from the server for ${SILENCE / 1000} s`);
    }, CHECK_EVERY);
    // An abandoned socket may still deliver messages.
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.socket) this.hear(data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (socket === this.socket) this.ended(code, reason);
    });
    // "close" follows with the same information, but ws throws errors that have no listener.
    socket.addEventListener('error', () => undefined);
  }

  /** @returns false when the connection is not open */
  send(data: Uint8Array<ArrayBuffer> | Blob | ClientMessage): boolean {
    if (this.current.state !== 'open' || this.socket === null) return false;
    this.socket.send(data instanceof Uint8Array || data instanceof Blob ? data : JSON.stringify(data));
    return true;
  }

  /** Reconnects at once instead of waiting. */
  retryNow(): void {
    if (this.current.state === 'waiting') this.open();
  }

  /** Gives the connection up and reconnects after a while. */
  fail(reason: string): void {
    this.release(4000, 'given up');
    this.retryLater(reason);
  }

  close(): void {
    this.release(1000, 'done');
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
      this.openedAt = performance.now();
      this.setState({ state: 'open', hello: message });
      if (this.current.state !== 'open') return;
    }
    if (message.type === 'error' && message.fatal) this.problem = message;
    this.handlers.onMessage(message);
  }

  private ended(code: number, reason: string): void {
    const problem = this.problem ?? closingProblem(code, reason);
    const neverOpened = this.openedAt === null;
    this.release();
    if (problem !== null && isPermanent(problem)) {
      this.setState({ state: 'refused', problem: { code: problem.code, message: problem.message } });
      return;
    }
    this.retryLater(problem?.message ?? (neverOpened ? 'the server cannot be reached' : 'the connection was lost'));
  }

  private retryLater(reason: string): void {
    const steady = this.openedAt !== null && performance.now() - this.openedAt >= STEADY;
    this.failures = steady ? 1 : this.failures + 1;
    const wait = backOff(this.failures, Math.random());
    this.retryTimer = setTimeout(() => {
      this.open();
    }, wait);
    this.setState({ state: 'waiting', reason, retryAt: Date.now() + wait });
  }

  private release(code?: number, reason?: string): void {
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

/** What a producer and a viewer share: events, the state of the connection, and its end. */
export abstract class LiveClient<Events extends object> {
  protected readonly listeners = new Listeners<Events>();
  protected abstract readonly connection: LiveConnection;

  get state(): ConnectionState {
    return this.connection.state;
  }

  /** @returns a function that removes the listener */
  on<Name extends keyof Events>(event: Name, listener: (value: Events[Name]) => void): () => void {
    return this.listeners.on(event, listener);
  }

  /** Reconnects at once instead of waiting. */
  retryNow(): void {
    this.connection.retryNow();
  }

  close(): void {
    this.connection.close();
  }
}
