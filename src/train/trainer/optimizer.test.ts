import { tf } from '../../model/tfjs.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { SeededRandom } from '../util/seeded-random.js';
import { adamState, adamStep, clipToNorm, globalNorm, lrFactor, updateEma } from './optimizer.js';
import type { AdamSettings, Schedule } from './optimizer.js';

beforeAll(async () => {
  await openBackend();
});

const PLAIN: AdamSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, decoupled: false };
const ones = (length: number): Float32Array => new Float32Array(length).fill(1);

/** Another set of gradients at every step. [steps][P] */
function gradients(steps: number, length: number, seed = 1): Float32Array[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: steps }, () => Float32Array.from({ length }, () => random.normal()));
}

/** Algorithm 2 of Loshchilov and Hutter, step by step in double precision; Adam with L2 where the decay is coupled. */
function inDoubles(
  weights: readonly number[],
  steps: readonly Float32Array[],
  rateAt: (step: number) => number,
  settings: AdamSettings,
): number[] {
  const { beta1, beta2, epsilon, weightDecay, decoupled } = settings;
  return weights.map((initial, i) => {
    let [w, m, v] = [initial, 0, 0];
    steps.forEach((gradient, t) => {
      const g = gradient[i]! + (decoupled ? 0 : weightDecay * w);
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      const rate = rateAt(t);
      const next = w - (rate * m) / (1 - beta1 ** (t + 1)) / (Math.sqrt(v / (1 - beta2 ** (t + 1))) + epsilon);
      w = next - (decoupled ? rate * weightDecay * w : 0);
    });
    return w;
  });
}

describe('Adam', () => {
  it("takes the steps of TensorFlow.js' own", () => {
    const initial = [0.5, -1, 2, 0, 1e-3];
    const steps = gradients(12, initial.length);
    const own = Float32Array.from(initial);
    const state = adamState(initial.length);
    for (const gradient of steps) adamStep(own, gradient, state, 0.01, PLAIN, ones(5), ones(5));

    const theirs = tf.tidy(() => {
      const variable = tf.variable(tf.tensor1d(initial));
      const optimizer = tf.train.adam(0.01, PLAIN.beta1, PLAIN.beta2, PLAIN.epsilon);
      for (const gradient of steps) optimizer.applyGradients([{ name: variable.name, tensor: tf.tensor1d(gradient) }]);
      const values = variable.dataSync();
      variable.dispose();
      optimizer.dispose();
      return values;
    });
    expect(state.steps).toBe(12);
    // Theirs adds epsilon to sqrt(v) before the correction, so the first steps differ by about epsilon.
    own.forEach((value, i) => {
      expect(value).toBeCloseTo(theirs[i]!, 5);
    });
  });

  it.each([
    ['Adam with L2', { ...PLAIN, weightDecay: 0.1 }],
    ['AdamW', { ...PLAIN, weightDecay: 0.1, decoupled: true }],
    ['AdamW of other settings', { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.5, decoupled: true }],
  ])('%s is what the paper writes, in double precision, under a changing rate', (_name, settings) => {
    const initial = [0.5, -1, 2, 0, 1e-3, -30];
    const steps = gradients(30, initial.length, 2);
    const rateAt = (step: number): number => 0.05 / (step + 1);
    const weights = Float32Array.from(initial);
    const state = adamState(initial.length);
    steps.forEach((gradient, t) => {
      adamStep(weights, gradient, state, rateAt(t), settings, ones(6), ones(6));
    });
    inDoubles(initial, steps, rateAt, settings).forEach((value, i) => {
      expect(Math.abs(weights[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    });
  });

  it('gives every weight its own rate and decay', () => {
    const settings = { ...PLAIN, weightDecay: 0.1, decoupled: true };
    const weights = Float32Array.of(1, 1, 1);
    const [gradient] = gradients(1, 3);
    adamStep(weights, gradient!, adamState(3), 0.01, settings, Float32Array.of(0, 1, 10), Float32Array.of(1, 0, 1));
    const still = inDoubles([1], [gradient!], () => 0, settings)[0]!;
    const noDecay = inDoubles([1, 1], [gradient!], () => 0.01, { ...settings, weightDecay: 0 })[1]!;
    const faster = inDoubles([1, 1, 1], [gradient!], () => 0.1, settings)[2]!;
    expect(weights[0]).toBe(still);
    expect(weights[1]).toBeCloseTo(noDecay, 6);
    expect(weights[2]).toBeCloseTo(faster, 6);
  });

  it('moves a weight by no more than about the rate at its first step, whatever the gradient', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, min: Math.fround(-1e10), max: Math.fround(1e10) }),
        fc.double({ min: 1e-5, max: 1, noNaN: true }),
        (gradient, rate) => {
          const weights = Float32Array.of(0);
          adamStep(weights, Float32Array.of(gradient), adamState(1), rate, PLAIN, ones(1), ones(1));
          expect(Math.abs(weights[0]!)).toBeLessThanOrEqual(rate * 1.001);
          expect(Math.sign(weights[0]!) * Math.sign(gradient)).toBeLessThanOrEqual(0);
        },
      ),
    );
  });
});

const gradient = fc.float32Array({ min: -1000, max: 1000, noNaN: true, minLength: 1, maxLength: 40 });

it('a gradient within the limit stays unchanged, to the bit', () => {
  fc.assert(
    fc.property(gradient, (values) => {
      const clipped = values.slice();
      const length = clipToNorm(clipped, globalNorm(values));
      expect(clipped).toEqual(values);
      expect(length).toBe(globalNorm(values));
    }),
  );
});

it('a longer one is brought to the limit and keeps its direction', () => {
  const clipped = Float32Array.of(3, 0, -4);
  expect(clipToNorm(clipped, 1)).toBe(5);
  expect([...clipped].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0, -0.8]);
  fc.assert(
    fc.property(gradient, fc.double({ min: 1e-3, max: 100, noNaN: true }), (values, most) => {
      const clippedValues = values.slice();
      clipToNorm(clippedValues, most);
      expect(globalNorm(clippedValues)).toBeLessThanOrEqual(most * (1 + 1e-5));
      values.forEach((value, i) => {
        expect(clippedValues[i]! * value).toBeGreaterThanOrEqual(0);
      });
    }),
  );
});

/** updateEma of trained weights alone. */
function follow(average: Float32Array, weights: Float32Array, decay: number, steps: number): void {
  const moving = new Float32Array(0);
  updateEma({ trained: average, moving }, { trained: weights, moving }, decay, steps);
}

it('the moving average goes (1 - decay) of the way, faster in the first steps', () => {
  const average = Float32Array.of(0, 10);
  follow(average, Float32Array.of(1, 10), 0.5, 1000);
  expect([...average]).toEqual([0.5, 10]);
  const early = Float32Array.of(0);
  follow(early, Float32Array.of(1), 0.999, 1); // keeps 2 / 11
  expect(early[0]).toBeCloseTo(9 / 11, 6);
});

it('the moving average of both lists stays between where it was and the weights, and reaches weights that rest', () => {
  const value = fc.float({ noNaN: true, min: -100, max: 100 });
  fc.assert(
    fc.property(
      value,
      value,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.integer({ min: 1, max: 10_000 }),
      (from, to, decay, steps) => {
        const average = Float32Array.of(from);
        follow(average, Float32Array.of(to), decay, steps);
        expect(average[0]).toBeGreaterThanOrEqual(Math.min(from, to) - 1e-4);
        expect(average[0]).toBeLessThanOrEqual(Math.max(from, to) + 1e-4);
      },
    ),
  );
  const average = Float32Array.of(-3);
  for (let step = 1; step <= 400; step += 1) follow(average, Float32Array.of(5), 0.9, step);
  expect(average[0]).toBeCloseTo(5, 5);
  const [average2, weights2] = [2, 4].map((value) => ({
    trained: Float32Array.of(value),
    moving: Float32Array.of(-value),
  }));
  updateEma(average2!, weights2!, 0.5, 1000);
  expect(average2).toEqual({ trained: Float32Array.of(3), moving: Float32Array.of(-3) });
});

const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc.constant({ name: 'constant' } as const),
  fc.record({ name: fc.constant('exponential' as const), decay: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
  fc.record({ name: fc.constant('cosine' as const), last: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ name: fc.constant('one-cycle' as const), rise: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

describe('a schedule of the learning rate', () => {
  it('has the values it is known for', () => {
    const cosine = { name: 'cosine', last: 0.1 } as const;
    expect([0, 5, 10].map((epoch) => lrFactor(cosine, epoch, 10))).toEqual([
      1,
      expect.closeTo(0.55, 10),
      expect.closeTo(0.1, 10),
    ]);
    const exponential = { name: 'exponential', decay: 0.5 } as const;
    expect([0, 0.9, 1, 2.5, 3].map((epoch) => lrFactor(exponential, epoch, 10))).toEqual([1, 1, 0.5, 0.25, 0.125]);
    const oneCycle = { name: 'one-cycle', rise: 0.3 } as const;
    expect([0, 3, 6.5, 10].map((epoch) => lrFactor(oneCycle, epoch, 10))).toEqual([
      expect.closeTo(0.04, 10),
      1,
      expect.closeTo(0.5, 10),
      1e-4,
    ]);
    expect(lrFactor({ name: 'constant' }, 7, 10)).toBe(1);
  });

  it('warms up in a straight line, then begins', () => {
    const cosine = { name: 'cosine', last: 0 } as const;
    expect([0, 1, 2, 6, 10].map((epoch) => lrFactor(cosine, epoch, 10, 2))).toEqual([
      1e-3,
      0.5,
      1,
      expect.closeTo(0.5, 10),
      expect.closeTo(0, 10),
    ]);
  });

  it('may rise to the very end', () => {
    expect([0, 5, 10].map((epoch) => lrFactor({ name: 'one-cycle', rise: 1 }, epoch, 10))).toEqual([
      expect.closeTo(0.04, 10),
      expect.closeTo(0.52, 10),
      1,
    ]);
  });

  it('stays between 0 and 1 at every moment of every training', () => {
    fc.assert(
      fc.property(
        schedules,
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (schedule, epochs, share, warmUp) => {
          const factor = lrFactor(schedule, share * epochs, epochs, warmUp);
          expect(factor).toBeGreaterThanOrEqual(0);
          expect(factor).toBeLessThanOrEqual(1 + 1e-12);
        },
      ),
    );
  });

  it('rises to its top and from there never again', () => {
    fc.assert(
      fc.property(
        schedules,
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 0, max: 5 }),
        (schedule, epochs, warmUp) => {
          const factors = Array.from({ length: epochs * 4 + 1 }, (_, i) => lrFactor(schedule, i / 4, epochs, warmUp));
          const top = factors.indexOf(Math.max(...factors));
          factors.forEach((factor, i) => {
            if (i === 0) return;
            if (i <= top) expect(factor).toBeGreaterThanOrEqual(factors[i - 1]! - 1e-12);
            else expect(factor).toBeLessThanOrEqual(factors[i - 1]! + 1e-12);
          });
        },
      ),
    );
  });
});
