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
  const state: { ended: boolean; failure: { error: unknown } | null } = { ended: false, failure: null };
  const consumer = new Bell();
  const producer = new Bell();

  const ready = async (): Promise<void> => {
    while (queue.length > 0) await producer.wait();
  };

  let subscription: Subscription | null = null;
  try {
    subscription = create(ready).subscribe({
      next: (value) => {
        queue.push(value);
        consumer.ring();
      },
      error: (error: unknown) => {
        state.failure = { error };
        consumer.ring();
      },
      complete: () => {
        state.ended = true;
        consumer.ring();
      },
    });
    for (;;) {
      while (queue.length > 0) yield queue.shift() as R;
      // Only an empty queue lets the producer continue: it works while the consumer waits, never ahead of it.
      producer.ring();
      if (state.failure !== null) throw state.failure.error;
      if (state.ended) return;
      await consumer.wait();
    }
  } finally {
    queue.length = 0;
    subscription?.unsubscribe();
    producer.ring();
    await settled?.();
  }
}

/** Wakes the waiting side; without one, a ring is lost. */
class Bell {
  private wake: (() => void) | null = null;

  wait(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  ring(): void {
    this.wake?.();
    this.wake = null;
  }
}
