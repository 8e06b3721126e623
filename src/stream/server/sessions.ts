import type { Role } from '../protocol/index.js';
import type { Session } from './session.js';

/** Pings that may go unanswered. */
const PINGS_LOST = 3;

/** Everybody who was let in. */
export class Sessions {
  private readonly open = new Set<Session>();
  private readonly timers: readonly NodeJS.Timeout[];

  /** @param onCount called with how many there are, now and whenever that changes */
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

  /** Bytes that wait for clients to read them. */
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

  /** Tells all that the server goes; resolves when they have left, or were cut off for taking too long. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(
      [...this.open].map(async ({ connection }) => {
        const closed = new Promise<void>((resolve) => {
          connection.onClose(resolve);
        });
        connection.end('SHUTTING_DOWN', 'the server is being stopped');
        await closed;
      }),
    );
  }
}
