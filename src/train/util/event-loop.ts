import { setImmediate } from 'node:timers/promises';

/**
 * Lets the event loop run once: timers, input and Ctrl-C. Engines compute in the thread that calls them and answer in microtasks, so a loop
 * over batches never does otherwise.
 */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}

/** The result of a promise, or null as soon as the signal is aborted. The work continues, and what it rejects with later is ignored. */
export async function unlessAborted<T extends object>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | null> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    stop = () => {
      resolve(null);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    if (signal.aborted) work.catch(() => undefined);
  }
}
