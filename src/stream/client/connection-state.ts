import { CLOSE_CODES } from '../protocol/messages.js';
import type { HelloMessage, Problem, ProblemCode } from '../protocol/messages.js';

/** Typed events; `on` returns a function that removes the listener. */
export class Listeners<Events extends object> {
  private readonly sets = new Map<keyof Events, Set<(value: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const set = this.sets.get(name) ?? new Set();
    this.sets.set(name, set.add(listener));
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    // A copy: a listener may remove itself while it is called.
    for (const listener of [...(this.sets.get(name) ?? [])]) (listener as (value: Events[Name]) => void)(value);
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
export function isPermanent({ code }: Problem): boolean {
  return PERMANENT.has(code);
}

/** The problem behind a close code of the server, in case its message was lost; null for any other code. */
export function closingProblem(closeCode: number, reason: string): Problem | null {
  const found = Object.entries(CLOSE_CODES).find(([, number]) => number === closeCode);
  return found === undefined
    ? null
    : { code: found[0] as ProblemCode, message: reason === '' ? `the server closed with ${closeCode}` : reason };
}
