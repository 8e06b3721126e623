import { FerError } from './fer-error.js';

/** @throws FerError INTERRUPTED once the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined, name: string): void {
  if (signal?.aborted === true)
    throw new FerError('INTERRUPTED', `${name}: stopped before its end`, { cause: signal.reason });
}
