import { CLOSE_CODES } from '../protocol/index.js';
import type { HelloMessage, Problem, ProblemCode } from '../protocol/index.js';

/** How a connection does. */
export type ConnectionState =
  | { readonly state: 'connecting' }
  | { readonly state: 'open'; readonly hello: HelloMessage }
  /** It broke off, or never came about; it is tried again at `retryAt` (milliseconds, as Date.now()). */
  | { readonly state: 'waiting'; readonly reason: string; readonly retryAt: number }
  /** The server does not want this client, and trying again would not help. */
  | { readonly state: 'refused'; readonly problem: Problem }
  /** `close()` was called. */
  | { readonly state: 'closed' };

const HOPELESS: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['UNAUTHORIZED', 'NO_SOURCE', 'NOT_ALLOWED']);

/** True for a problem that stays whatever the client tries. */
export function isHopeless({ code }: Problem): boolean {
  return HOPELESS.has(code);
}

/** The problem that a WebSocket close code of the server stands for, for when its message got lost; null for any other code. */
export function closingProblem(closeCode: number, reason: string): Problem | null {
  const found = Object.entries(CLOSE_CODES).find(([, number]) => number === closeCode);
  return found === undefined
    ? null
    : { code: found[0] as ProblemCode, message: reason === '' ? `the server closed with ${closeCode}` : reason };
}
