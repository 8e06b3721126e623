import fc from 'fast-check';
import { NEVER, concat, concatMap, endWith, firstValueFrom, map, of, take, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { demand, iterate } from './demand.js';

const pause = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function countingSource(length: number): {
  open: () => AsyncIterable<number>;
  pulled: () => number;
  closed: () => number;
} {
  let pulled = 0;
  let closed = 0;
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let n = 0; n < length; n += 1) {
        await Promise.resolve();
        pulled += 1;
        yield n;
      }
    } finally {
      closed += 1;
    }
  }
  return { open: numbers, pulled: () => pulled, closed: () => closed };
}

describe('demand', () => {
  it('emits one result for every item, in order, for any stage and number in flight', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 5 }), async (length, inFlight) => {
        const source = countingSource(length);
        const stage = concatMap(async (n: number) => {
          if (n % 3 === 0) await pause();
          return n * 2;
        });
        const results = await firstValueFrom(demand(source.open, stage, { inFlight }).pipe(toArray()));
        expect(results).toEqual(Array.from({ length }, (_, n) => n * 2));
        expect(source.closed()).toBe(1);
      }),
      { numRuns: 40 },
    );
  });

  it('never has more items between source and result than tickets', async () => {
    const source = countingSource(50);
    let finished = 0;
    let most = 0;
    const slow = concatMap(async (n: number) => {
      most = Math.max(most, source.pulled() - finished);
      await pause(1);
      finished += 1;
      return n;
    });
    await firstValueFrom(demand(source.open, slow, { inFlight: 3 }).pipe(toArray()));
    expect(finished).toBe(50);
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
  });

  it('leaves the source unread while an async consumer is busy', async () => {
    const source = countingSource(100);
    const numbers = iterate((ready) =>
      demand(
        source.open,
        map((n: number) => n),
        { inFlight: 2, ready },
      ),
    );
    let taken = 0;
    let ahead = 0;
    for await (const n of numbers) {
      expect(n).toBe(taken);
      taken += 1;
      await pause(1);
      ahead = Math.max(ahead, source.pulled() - taken);
    }
    expect(taken).toBe(100);
    expect(ahead).toBeLessThanOrEqual(2);
  });

  it('lets a stage flush after its input has completed', async () => {
    const source = countingSource(2);
    const results = await firstValueFrom(demand(source.open, (items) => items.pipe(endWith(99))).pipe(toArray()));
    expect(results).toEqual([0, 1, 99]);
  });

  it('closes the source when unsubscribed, and aborts a source that waits for data', async () => {
    const source = countingSource(1000);
    await firstValueFrom(
      demand(
        source.open,
        map((n: number) => n),
      ).pipe(take(3), toArray()),
    );
    await pause(5);
    expect(source.closed()).toBe(1);
    expect(source.pulled()).toBeLessThan(10);

    let woken = false;
    async function* waiting(signal: AbortSignal): AsyncGenerator<number> {
      yield 1;
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          woken = true;
          resolve();
        });
      });
    }
    const subscription = demand(
      waiting,
      map((n: number) => n),
    ).subscribe();
    await pause(5);
    subscription.unsubscribe();
    await pause(5);
    expect(woken).toBe(true);
  });

  it('passes on the errors of source and stage, and closes the source', async () => {
    const source = countingSource(10);
    const failing = map((n: number) => {
      if (n === 4) throw new Error('stage broke');
      return n;
    });
    await expect(firstValueFrom(demand(source.open, failing).pipe(toArray()))).rejects.toThrow('stage broke');
    await pause(5);
    expect(source.closed()).toBe(1);

    async function* broken(): AsyncGenerator<number> {
      yield 1;
      await Promise.resolve();
      throw new Error('source broke');
    }
    await expect(
      firstValueFrom(
        demand(
          broken,
          map((n: number) => n),
        ).pipe(toArray()),
      ),
    ).rejects.toThrow('source broke');
  });
});

describe('iterate', () => {
  it('awaits the teardown when the loop is left early', async () => {
    const source = countingSource(1000);
    let settled = false;
    const numbers = iterate(
      (ready) =>
        demand(
          source.open,
          map((n: number) => n),
          { ready },
        ),
      async () => {
        await pause(2);
        settled = true;
      },
    );
    for await (const n of numbers) if (n === 5) break;
    expect(settled).toBe(true);
    expect(source.closed()).toBe(1);
  });

  it('ends when it is told to while it waits for a value', async () => {
    const settled = vi.fn(() => Promise.resolve());
    const numbers = iterate(() => concat(of(1), NEVER), settled);
    expect(await numbers.next()).toEqual({ done: false, value: 1 });
    const waiting = numbers.next();
    expect(await numbers.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(settled).toHaveBeenCalledOnce();
  });

  it('delivers what was emitted before an error, then throws it', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      await Promise.resolve();
      throw new Error('source broke');
    }
    const seen: number[] = [];
    await expect(async () => {
      for await (const n of iterate((ready) =>
        demand(
          broken,
          map((n: number) => n),
          { ready },
        ),
      ))
        seen.push(n);
    }).rejects.toThrow('source broke');
    expect(seen).toEqual([1]);
  });
});
