import { setImmediate } from 'node:timers/promises';

/**
 * Lets the event loop run once: timers, input and Ctrl-C. Engines compute in the thread that calls them and answer in microtasks, so a loop
 * over batches never does otherwise.
 */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}
