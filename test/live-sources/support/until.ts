import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds, and says whether it came to that. */
export async function until(condition: () => boolean | Promise<boolean>, seconds = 90): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (await condition()) return true;
    await sleep(50);
  }
  return condition();
}
