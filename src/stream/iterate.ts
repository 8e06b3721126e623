import type { Observable, Subscription } from 'rxjs';

/**
 * An Observable as an async iterable, with the demand signal that RxJS lacks: `create` receives `ready`, which resolves
 * as soon as the consumer has taken everything emitted so far. Leaving the loop early unsubscribes; `settled` is then
 * awaited, so that after the loop nothing is left running.
 */
export async function* iterate<R>(
  create: (ready: () => Promise<void>) => Observable<R>,
  settled?: () => Promise<void>,
): AsyncGenerator<R, void, undefined> {
  const queue: R[] = [];
  let ended = false;
  let failure: { error: unknown } | null = null;
  let wakeConsumer: (() => void) | null = null;
  let wakeProducer: (() => void) | null = null;

  const ready = async (): Promise<void> => {
    while (queue.length > 0) await new Promise<void>((resolve) => (wakeProducer = resolve));
  };

  let subscription: Subscription | null = null;
  try {
    subscription = create(ready).subscribe({
      next: (value) => {
        queue.push(value);
        wakeConsumer?.();
      },
      error: (error: unknown) => {
        failure = { error };
        wakeConsumer?.();
      },
      complete: () => {
        ended = true;
        wakeConsumer?.();
      },
    });
    for (;;) {
      while (queue.length > 0) yield queue.shift() as R;
      // Only an empty queue lets the producer go on: it works while the consumer waits, never ahead of it.
      (wakeProducer as (() => void) | null)?.();
      if (failure !== null) throw (failure as { error: unknown }).error;
      if (ended) return;
      await new Promise<void>((resolve) => (wakeConsumer = resolve));
    }
  } finally {
    queue.length = 0;
    subscription?.unsubscribe();
    (wakeProducer as (() => void) | null)?.();
    await settled?.();
  }
}
