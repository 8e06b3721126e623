import { tf } from '../../model/tfjs.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { SeededRandom } from '../util/seeded-random.js';
import { crossEntropy } from './cross-entropy.js';
import { dnfer } from './dnfer.js';
import { jsd } from './jsd.js';
import { NAW_PARAMETERS } from './naw-bell.js';
import { nla } from './nla.js';
import { vNaw } from './v-naw.js';

// Whatever a network puts out, losses and gradients are finite: also posteriors of exactly 0 and 1, ties, one class in
// the batch, no clean sample, no label at all, a batch of one.

beforeAll(async () => {
  await openBackend();
});

/** Ordinary logits, ties, and logits so far apart that all but one posterior underflow. */
const logit = fc.oneof(
  fc.double({ min: -5, max: 5, noNaN: true }),
  fc.constantFrom(0, 1, -1),
  fc.constantFrom(200, -200, 1e4, -1e4, 1e6, -1e6),
);

interface Batch {
  readonly classes: number;
  readonly a: number[][];
  readonly b: number[][];
  readonly labels: number[];
}

const batch: fc.Arbitrary<Batch> = fc
  .record({
    samples: fc.integer({ min: 1, max: 6 }),
    classes: fc.integer({ min: 2, max: 8 }),
    sameClass: fc.boolean(),
    sameViews: fc.boolean(),
  })
  .chain(({ samples, classes, sameClass, sameViews }) => {
    const matrix = fc.array(fc.array(logit, { minLength: classes, maxLength: classes }), {
      minLength: samples,
      maxLength: samples,
    });
    const label = fc.integer({ min: -1, max: classes - 1 });
    const labels = sameClass
      ? label.map((y) => Array.from({ length: samples }, () => y))
      : fc.array(label, { minLength: samples, maxLength: samples });
    return fc
      .record({ classes: fc.constant(classes), a: matrix, b: matrix, labels })
      .map((x) => (sameViews ? { ...x, b: x.a } : x));
  });

const epsilon = fc.constantFrom(0, 0.5, 1);

type Loss = (a: tf.Tensor2D, b: tf.Tensor2D, labels: tf.Tensor1D, epsilon: number) => tf.Scalar;

const LOSSES: Readonly<Record<string, Loss>> = {
  'cross entropy': (a, _, y) => crossEntropy(a, y).loss,
  'cross entropy, smoothed and weighted': (a, _, y) =>
    crossEntropy(a, y, { labelSmoothing: 0.1, classWeights: Array.from({ length: a.shape[1] }, (__, k) => k) }).loss,
  'cross entropy of votes': (a, _, y) =>
    crossEntropy(
      a,
      tf
        .oneHot(y, a.shape[1])
        .mul<tf.Tensor2D>(3)
        .add(tf.oneHot(y.sub<tf.Tensor1D>(1).toInt(), a.shape[1])),
    ).loss,
  JSD: (a, b) => jsd(a, b).loss,
  'JSD, released code': (a, b) => jsd(a, b, 'released-code').loss,
  NLA: (a, b, y, e) => nla(a, b, y, { naw: { parameters: NAW_PARAMETERS.nla, epsilon: e } }).loss,
  'NLA, detached': (a, b, y, e) =>
    nla(a, b, y, { naw: { parameters: NAW_PARAMETERS.nla, epsilon: e, detachWeights: true } }).loss,
  'V-NAW': (a, b, y, e) => {
    const [n, c] = a.shape;
    return vNaw(a.reshape([1, n, c]), b.reshape([1, n, c]), y.reshape([1, n]), {
      naw: { parameters: NAW_PARAMETERS['v-naw'], epsilon: e },
    }).loss;
  },
  DNFER: (a, b, y) => dnfer(a, b, y).loss,
  'DNFER, warm-up': (a, b, y) => dnfer(a, b, y, { warmUp: true }).loss,
};

describe.each(Object.entries(LOSSES))('%s', (_, loss) => {
  it('is finite and not negative, and so are its gradients finite; no tensor stays', () => {
    fc.assert(
      fc.property(batch, epsilon, (input, e) => {
        const before = tf.memory().numTensors;
        const { value, gradients } = evaluate(loss, input, e);
        expect(tf.memory().numTensors).toBe(before);
        expect(value).toBeGreaterThanOrEqual(-1e-6);
        expect(Number.isFinite(value)).toBe(true);
        expect(gradients.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

// Not those whose weights or selections are constants to the gradient: their slope is another one on purpose.
const SMOOTH = Object.entries(LOSSES).filter(([name]) => name !== 'NLA, detached' && name !== 'DNFER');

it.each(SMOOTH)('%s: the gradient is the slope of the value', (_, loss) => {
  const random = new SeededRandom(1);
  const matrix = (): number[][] => Array.from({ length: 3 }, () => Array.from({ length: 4 }, () => random.normal()));
  for (let round = 0; round < 6; round += 1) {
    const [a, b, direction] = [matrix(), matrix(), matrix()];
    const input = { classes: 4, a, b, labels: [0, 3, 0] };
    const { gradients } = evaluate(loss, input, 0.5);
    const step = 1e-2;
    const moved = (by: number): number =>
      evaluate(loss, { ...input, a: a.map((row, i) => row.map((x, k) => x + by * direction[i]![k]!)) }, 0.5).value;
    const slope = (moved(step) - moved(-step)) / (2 * step);
    const predicted = direction.flat().reduce((sum, d, i) => sum + d * gradients[i]!, 0);
    expect(Math.abs(slope - predicted)).toBeLessThan(2e-3 * Math.max(1, Math.abs(slope)));
  }
});

it('posteriors of exactly 0 and 1: the values themselves', () => {
  tf.tidy(() => {
    const sure = tf.tensor2d([
      [1e4, 0, 0],
      [0, 1e4, 0],
    ]);
    const opposite = tf.tensor2d([
      [0, 1e4, 0],
      [1e4, 0, 0],
    ]);
    expect(jsd(sure, opposite).loss.dataSync()[0]).toBeCloseTo(Math.LN2, 5); // the largest there is
    expect(jsd(sure, sure).loss.dataSync()[0]).toBeCloseTo(0, 6);
    expect(crossEntropy(sure, tf.tensor1d([0, 0], 'int32')).loss.dataSync()[0]).toBeCloseTo(5000, 2);
  });
});

function evaluate(loss: Loss, { a, b, labels }: Batch, e: number): { value: number; gradients: number[] } {
  return tf.tidy(() => {
    const y = tf.tensor1d(labels, 'int32');
    const x = tf.tensor2d(a);
    const second = tf.tensor2d(b);
    // The second view is multiplied in so that losses of one view have a gradient (0) for it too.
    const f = (p: tf.Tensor, q: tf.Tensor): tf.Scalar =>
      loss(p as tf.Tensor2D, q as tf.Tensor2D, y, e).add(q.mul(0).sum());
    const { value, grads } = tf.valueAndGrads(f)([x, second]);
    return { value: value.dataSync()[0]!, gradients: grads.flatMap((g) => [...g.dataSync()]) };
  });
}
