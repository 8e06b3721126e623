import type { Role } from '../protocol/index.js';
import type { Connection } from './connection.js';

/** A client that was let in. */
export interface Session {
  readonly role: Role;
  readonly connection: Connection;
  sendStats(): void;
  /** Frees what it holds in the engine or the broadcast; the connection has ended. */
  close(): void;
}
