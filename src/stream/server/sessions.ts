import type { Role } from '../protocol/messages.js';
import type { Connection } from './connection.js';

/** Pings that may stay unanswered. */
const PINGS_LOST = 3;

/** All open sessions. */
export class Sessions {
  private readonly open = new Set<Session>();
  private readonly timers: readonly NodeJS.Timeout[];

  /** @param onCount called with the number of sessions, now and whenever it changes */
  constructor(
    { pingEvery, statsEvery }: { readonly pingEvery: number; readonly statsEvery: number },
    private readonly onCount: (count: number) => void,
  ) {
    onCount(0);
    this.timers = [
      setInterval(() => {
        for (const { connection } of this.open) connection.ping(PINGS_LOST);
      }, pingEvery),
      setInterval(() => {
        for (const session of this.open) {
          session.connection.guard('stats', () => {
            session.sendStats();
          });
        }
      }, statsEvery),
    ];
  }

  /** Bytes waiting to be read by clients. */
  get backlog(): number {
    let bytes = 0;
    for (const { connection } of this.open) bytes += connection.backlog;
    return bytes;
  }

  count(role: Role): number {
    let count = 0;
    for (const session of this.open) if (session.role === role) count += 1;
    return count;
  }

  add(session: Session): void {
    this.open.add(session);
    this.onCount(this.open.size);
  }

  remove(session: Session): void {
    this.open.delete(session);
    this.onCount(this.open.size);
    session.close();
  }

  /** Tells all clients that the server stops; resolves when they have left, or were disconnected for taking too long. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(
      [...this.open].map(async ({ connection }) => {
        const closed = new Promise<void>((resolve) => {
          connection.onClose(resolve);
        });
        connection.end('SHUTTING_DOWN', 'the server is shutting down');
        await closed;
      }),
    );
  }
}

/** An accepted client. */
export interface Session {
  readonly role: Role;
  readonly connection: Connection;
  sendStats(): void;
  /** Called when the connection has ended: frees its part of the engine or broadcast. */
  close(): void;
}
