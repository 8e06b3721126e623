import { Observable, Subject } from 'rxjs';
import type { OperatorFunction, Subscription } from 'rxjs';

/**
 * An Observable as an async iterable, with the demand signal that RxJS lacks: `create` receives `ready`, which resolves
 * as soon as the consumer has taken everything emitted so far. Leaving the loop early unsubscribes; `settled` is then
 * awaited, so that after the loop nothing is left running. `return()` ends the loop also while it waits for a value.
 */
export function iterate<R>(
  create: (ready: () => Promise<void>) => Observable<R>,
  settled?: () => Promise<void>,
): AsyncGenerator<R, void, undefined> {
  const leaving = new AbortController();
  const values = valuesOf(create, settled, leaving.signal);
  // A generator's own return() waits for the value that it is asked for.
  const leave = values.return.bind(values);
  values.return = (value) => {
    leaving.abort();
    return leave(value);
  };
  return values;
}

async function* valuesOf<R>(
  create: (ready: () => Promise<void>) => Observable<R>,
  settled: (() => Promise<void>) | undefined,
  leaving: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  const queue: R[] = [];
  const state: { ended: boolean; failure: { error: unknown } | null } = { ended: false, failure: null };
  const consumer = new Bell();
  const producer = new Bell();
  leaving.addEventListener('abort', () => {
    consumer.ring();
  });

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
      if (state.ended || leaving.aborted) return;
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

interface DemandOptions {
  /** Items that may be between the source and the end of the stage at a time. */
  readonly inFlight?: number;
  /** Awaited before every pull: keeps the source waiting for a consumer that is slower than the stage. */
  readonly ready?: () => Promise<void>;
  /** Called once the source has been closed, however the run ended. */
  readonly closed?: () => void;
}

/**
 * Runs an RxJS stage over a pulled source without ever letting items queue up.
 *
 * RxJS has no demand signal: `from(asyncIterable).pipe(concatMap(slow))` drains the source into a buffer as fast as it
 * can deliver. Here every item needs a ticket. A ticket is taken when the item is pulled and comes back when the stage
 * has emitted for it, so a slow stage leaves the source unread, and a decoder behind it blocks on its full pipe.
 *
 * `stage` must emit exactly once for every item (an array, when results come in lots) and may emit more after its input
 * has completed, to flush what it holds. The source is closed (`return`) on completion, error and unsubscribe; `signal`
 * is aborted on the latter two, so that a source waiting for data wakes up.
 */
export function demand<T, R>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  stage: OperatorFunction<T, R>,
  { inFlight = 2, ready, closed }: DemandOptions = {},
): Observable<R> {
  return new Observable<R>((subscriber) => {
    const stop = new AbortController();
    const items = new Subject<T>();
    let tickets = inFlight;
    let returned: (() => void) | null = null;

    const ticket = async (): Promise<void> => {
      while (tickets === 0 && !stop.signal.aborted) {
        await new Promise<void>((resolve) => (returned = resolve));
      }
      tickets -= 1;
      await ready?.();
    };
    const giveBack = (): void => {
      tickets += 1;
      returned?.();
    };

    const results = items.pipe(stage).subscribe({
      next: (result) => {
        subscriber.next(result);
        giveBack();
      },
      error: (error: unknown) => {
        subscriber.error(error);
      },
      complete: () => {
        subscriber.complete();
      },
    });

    const pump = async (): Promise<void> => {
      for await (const item of ticketed(open(stop.signal), ticket, stop.signal)) {
        items.next(item);
      }
      items.complete();
    };
    pump()
      .catch((error: unknown) => {
        if (!stop.signal.aborted) items.error(error);
      })
      .finally(closed);

    return () => {
      stop.abort();
      returned?.();
      results.unsubscribe();
    };
  });
}

/** `source`, but no item is pulled before `ticket` is granted. */
async function* ticketed<T>(
  source: AsyncIterable<T>,
  ticket: () => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      await ticket();
      if (signal.aborted) return;
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
