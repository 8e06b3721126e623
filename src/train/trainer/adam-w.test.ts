import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { SeededRandom } from '../util/seeded-random.js';
import { adamState, adamStep } from './adam-w.js';
import type { AdamSettings } from './adam-w.js';

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
