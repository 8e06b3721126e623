import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Job } from './scheduler.js';
import { Scheduler } from './scheduler.js';

type Fate = 'worked' | 'refused' | 'yielded' | 'removed';

/** Jobs whose steps take as long as the test wants. */
class Workplace {
  readonly scheduler = new Scheduler<number, FakeJob>();
  readonly jobs: FakeJob[] = [];
  /** Steps that have begun and not ended. */
  readonly steps: { readonly of: FakeJob; readonly kind: 'prepare' | 'work'; readonly end: () => void }[] = [];

  submit(session: number, isGood = true): void {
    const job = new FakeJob(this, session, this.jobs.length, isGood);
    this.jobs.push(job);
    this.scheduler.submit(session, job)?.meet('yielded');
  }

  remove(session: number): void {
    this.scheduler.remove(session)?.meet('removed');
  }

  /** Ends one of the steps that are under way, and lets everything that follows from it happen. */
  async settle(choice: number): Promise<void> {
    this.steps.splice(choice % Math.max(1, this.steps.length), 1)[0]?.end();
    await turn();
  }

  async drain(): Promise<void> {
    await turn();
    while (this.steps.length > 0) await this.settle(0);
  }

  begin(of: FakeJob, kind: 'prepare' | 'work'): Promise<void> {
    return new Promise((end) => this.steps.push({ of, kind, end }));
  }

  count(kind: 'prepare' | 'work'): number {
    return this.steps.filter((step) => step.kind === kind).length;
  }
}

class FakeJob implements Job {
  readonly fates: Fate[] = [];
  private prepared: Promise<boolean> | null = null;
  isPrepared = false;

  constructor(
    private readonly place: Workplace,
    readonly session: number,
    readonly number: number,
    private readonly isGood: boolean,
  ) {}

  prepare(): Promise<boolean> {
    this.prepared ??= this.place.begin(this, 'prepare').then(() => {
      this.isPrepared = true;
      if (!this.isGood && this.fates.length === 0) this.meet('refused');
      return this.isGood;
    });
    return this.prepared;
  }

  async work(): Promise<void> {
    expect(this.isPrepared).toBe(true);
    expect(this.place.count('work')).toBe(0);
    await this.place.begin(this, 'work');
    this.meet('worked');
  }

  meet(fate: Fate): void {
    // A refused picture keeps its place until its turn; its sender does not notice.
    if (this.fates[0] === 'refused') return;
    this.fates.push(fate);
  }
}

const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('submit' as const), session: fc.nat({ max: 3 }), isGood: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle' as const), choice: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), session: fc.nat({ max: 3 }) }) },
);

describe('Scheduler', () => {
  test('every picture gets exactly one outcome, and only a newer one replaces it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 120 }), async (events) => {
        const place = new Workplace();
        for (const step of events) {
          if (step.kind === 'submit') place.submit(step.session, step.isGood);
          else if (step.kind === 'remove') place.remove(step.session);
          else await place.settle(step.choice);
          expect(place.count('work')).toBeLessThanOrEqual(1);
          expect(place.count('prepare')).toBeLessThanOrEqual(2);
        }
        await place.drain();
        expect(place.jobs.map(({ fates }) => fates.length)).toEqual(place.jobs.map(() => 1));
        for (const session of [0, 1, 2, 3])
          expect(place.jobs.findLast((job) => job.session === session)?.fates).not.toEqual(['yielded']);
      }),
      { numRuns: 300 },
    );
  });

  test('a session is answered in order, and a waiting picture never outlives a newer one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 120 }), async (events) => {
        const place = new Workplace();
        const order: FakeJob[] = [];
        const note = (): void => {
          for (const { of, kind } of place.steps) if (kind === 'work' && !order.includes(of)) order.push(of);
        };
        for (const step of events) {
          if (step.kind === 'settle') {
            // A picture processed from now on was either taken before or is the newest of its session.
            const newest = [0, 1, 2, 3].map((session) => place.jobs.findLast((job) => job.session === session));
            const preparing = place.steps.map(({ of }) => of);
            await place.settle(step.choice);
            for (const { of, kind } of place.steps)
              if (kind === 'work' && !order.includes(of)) expect([...newest, ...preparing]).toContain(of);
          } else if (step.kind === 'submit') place.submit(step.session, step.isGood);
          note();
        }
        for (const session of [0, 1, 2, 3]) {
          const numbers = order.filter((job) => job.session === session).map(({ number }) => number);
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('sessions take turns, however often they send', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 8 }), { minLength: 8, maxLength: 24 }),
        async (rounds) => {
          const place = new Workplace();
          const served = [0, 0, 0, 0];
          const sessions = [0, 1, 2, 3];
          for (const session of sessions) place.submit(session);
          for (const extra of rounds) {
            while (place.count('work') === 0) await place.settle(0);
            const { of } = place.steps.find(({ kind }) => kind === 'work')!;
            served[of.session]! += 1;
            for (const session of [...sessions, ...extra]) place.submit(session);
            await place.settle(place.steps.findIndex(({ kind }) => kind === 'work'));
            expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('the next picture is prepared while another is analyzed, and a newer one still replaces it', async () => {
    const place = new Workplace();
    place.submit(0);
    await place.settle(0);
    expect(place.steps.map(({ of, kind }) => [of.number, kind])).toEqual([[0, 'work']]);
    place.submit(1);
    place.submit(2);
    expect(place.steps.map(({ of, kind }) => [of.number, kind])).toEqual([
      [0, 'work'],
      [1, 'prepare'],
    ]);
    await place.settle(1);
    place.submit(1);
    expect(place.jobs[1]!.fates).toEqual(['yielded']);
    expect(place.steps.map(({ of, kind }) => [of.number, kind])).toEqual([[0, 'work']]);
    await place.settle(0);
    expect(place.steps.map(({ of, kind }) => [of.number, kind])).toEqual([[3, 'prepare']]);
  });

  test('a flood prepares at most two pictures for each that is analyzed', async () => {
    const place = new Workplace();
    for (let i = 0; i < 60; i += 1) {
      place.submit(i % 2);
      // Work takes as long as ten pictures take to come, making one ready less than one.
      const preparing = place.steps.findIndex(({ kind }) => kind === 'prepare');
      if (preparing >= 0 || i % 10 === 9) await place.settle(Math.max(0, preparing));
    }
    await place.drain();
    const worked = place.jobs.filter(({ fates }) => fates.includes('worked')).length;
    expect(worked).toBeGreaterThan(5);
    expect(place.jobs.filter(({ isPrepared }) => isPrepared).length).toBeLessThanOrEqual(2 * worked);
  });

  test('pictures that arrive faster than they can be prepared do not starve each other', async () => {
    const place = new Workplace();
    place.submit(0);
    for (let i = 0; i < 20; i += 1) {
      place.submit(0);
      await turn();
    }
    await place.settle(0);
    expect(place.count('work')).toBe(1);
    expect(place.steps.find(({ kind }) => kind === 'work')!.of.number).toBe(0);
  });
});
