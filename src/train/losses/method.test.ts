import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../../model/engines/open-backend.js';
import { tf } from '../../model/tfjs.js';
import { crossEntropyMethod } from './cross-entropy.js';
import { adjustmentOffsets, withLogitAdjustment } from './method.js';

beforeAll(async () => {
  await openBackend();
});

const MOMENT = { epoch: 0, epochs: 1 };

/** The logits of a network that sees nothing but its bias, after gradient descent on labels with these counts. */
function learntBias(counts: readonly number[], offsets: readonly number[]): number[] {
  const method = withLogitAdjustment(crossEntropyMethod(), offsets);
  const labels = tf.tensor1d(counts.flatMap((count, k) => Array.from({ length: count }, () => k))); // [N]
  const gradient = tf.grad(
    (bias) =>
      method.loss(bias.tile([labels.size]).reshape<tf.Tensor2D>([labels.size, counts.length]), null, labels, MOMENT)
        .loss,
  );
  let bias: tf.Tensor = tf.zeros([counts.length]);
  for (let step = 0; step < 100; step += 1) {
    const stepped = tf.tidy(() => bias.sub(gradient(bias).mul(2)));
    bias.dispose();
    bias = stepped;
  }
  const posteriors = tf.tidy(() => Array.from(tf.softmax(bias).dataSync()));
  tf.dispose([labels, bias]);
  return posteriors;
}

it('a network that knows nothing of a picture answers with the given frequencies', () => {
  const counts = [27, 8, 1];
  const drawn = [4, 4, 4]; // a sampler that draws all classes alike
  const before = tf.memory().numTensors;
  for (const [balance, expected] of [
    [0, [27 / 36, 8 / 36, 1 / 36]],
    [1, [1 / 3, 1 / 3, 1 / 3]],
    [0.5, [0.5759, 0.3135, 0.1108]],
  ] as const) {
    const posteriors = learntBias(drawn, adjustmentOffsets(drawn, counts, balance));
    posteriors.forEach((p, k) => {
      expect(p).toBeCloseTo(expected[k]!, 3);
    });
  }
  expect(tf.memory().numTensors).toBe(before);
});

it('shifts both views alike', () => {
  const seen: number[][] = [];
  const spy = withLogitAdjustment(
    {
      name: 'spy',
      secondView: () => 'mirrored',
      loss: (first, second) => {
        seen.push(Array.from(first.dataSync()), Array.from(second!.dataSync()));
        return { loss: tf.scalar(0), parts: {} };
      },
    },
    [1, -2],
  );
  tf.tidy(() => spy.loss(tf.tensor2d([[0, 5]]), tf.tensor2d([[3, 4]]), tf.tensor1d([0]), MOMENT));
  expect(seen).toEqual([
    [1, 3],
    [4, 2],
  ]);
  expect(spy.secondView(MOMENT)).toBe('mirrored');
});

it('leaves a class without samples where it is', () => {
  const [frequent, absent, rare] = adjustmentOffsets([4, 0, 4], [6, 0, 2], 0);
  expect(frequent).toBeCloseTo(Math.log(4 / 6));
  expect(absent).toBe(0);
  expect(rare).toBeCloseTo(Math.log(4 / 2));
});
