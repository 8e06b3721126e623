import { tf } from '../tfjs.js';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { encoderOf, ensembleClassifiers, frameClassifier } from './classifier.js';
import { compactResidualNet } from './residual-net.js';
import { foldBatchNorm } from './topology.js';

beforeAll(async () => {
  await openBackend();
});

const picture = (batch: number): tf.Tensor => tf.randomNormal([batch, 16, 16, 1], 0, 1, 'float32', 7);
const part = (width: number, depth: number, seed: number): tf.LayersModel =>
  frameClassifier(compactResidualNet({ size: 16, width, depth, seed }), {
    classes: 3,
    dropout: seed % 2 === 0 ? 0.3 : 0,
    seed,
  });
const largest = (x: tf.Tensor): number => tf.tidy(() => x.abs().max().dataSync()[0]!);

it.each([
  [undefined, [1 / 3, 1 / 3, 1 / 3]],
  [
    [1, 2, 1],
    [0.25, 0.5, 0.25],
  ],
])(
  'an ensemble with weights %j gives the weighted mean of the logits, from the features of all',
  async (shares, weights) => {
    const parts = [part(4, 1, 1), part(8, 2, 2), part(4, 1, 3)];
    const before = tf.memory().numTensors;
    const ensemble = await ensembleClassifiers(parts, shares);
    tf.tidy(() => {
      const x = picture(5);
      const mean = tf.addN(parts.map((one, i) => tf.mul(one.predict(x) as tf.Tensor, weights[i]!)));
      const logits = ensemble.predict(x) as tf.Tensor; // [5, 3]
      expect(largest(logits.sub(mean))).toBeLessThan(1e-5);
      expect(largest(logits)).toBeGreaterThan(0.01);
      const features = encoderOf(ensemble).predict(x) as tf.Tensor; // [5, 4 * 4 + 4 * 8 + 4 * 4]
      expect(
        largest(
          features.sub(
            tf.concat(
              parts.map((one) => encoderOf(one).predict(x) as tf.Tensor),
              1,
            ),
          ),
        ),
      ).toBeLessThan(1e-5);
    });
    ensemble.dispose();
    expect(tf.memory().numTensors).toBe(before);
    for (const one of parts) one.dispose();
  },
);

it('an ensemble has its own weights, trains, folds and is saved like any other', async () => {
  const parts = [part(4, 1, 1), part(4, 1, 3)];
  const ensemble = await ensembleClassifiers(parts);
  const head = parts[0]!.getLayer('logits').getWeights()[0]!.dataSync().slice();
  const optimizer = tf.train.sgd(0.1);
  const x = picture(6);
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32'), 3);
  const step = (): number => {
    const loss = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(labels, ensemble.apply(x, { training: true }) as tf.Tensor),
      true,
    )!;
    const [value] = loss.dataSync();
    loss.dispose();
    return value!;
  };
  const first = step();
  for (let i = 0; i < 10; i += 1) step();
  expect(step()).toBeLessThan(first);
  expect(parts[0]!.getLayer('logits').getWeights()[0]!.dataSync()).toEqual(head);

  const expected = ensemble.predict(x) as tf.Tensor;
  const folded = await foldBatchNorm(ensemble);
  expect(folded.layers.some(({ name }) => name.endsWith('_norm'))).toBe(false);
  tf.tidy(() => {
    expect(largest((folded.predict(x) as tf.Tensor).sub(expected))).toBeLessThan(1e-3);
  });
  let saved: tf.io.ModelArtifacts | undefined;
  await ensemble.save(
    tf.io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } });
    }),
  );
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved!));
  tf.tidy(() => {
    expect(largest((loaded.predict(x) as tf.Tensor).sub(expected))).toBe(0);
  });
  tf.dispose([x, labels, expected]);
  optimizer.dispose();
  for (const model of [ensemble, folded, loaded, ...parts]) model.dispose();
});

it('networks for other inputs or classes do not form an ensemble', async () => {
  const [one, larger, fewer] = [
    part(4, 1, 1),
    frameClassifier(compactResidualNet({ size: 20, width: 4 }), { classes: 3 }),
    frameClassifier(compactResidualNet({ size: 16, width: 4 }), { classes: 2 }),
  ] as const;
  await expect(ensembleClassifiers([one, larger])).rejects.toMatchObject({
    code: 'MODEL_INCOMPATIBLE',
    message: expect.stringMatching(/\[16, 16, 1\] to 3 classes and of \[20, 20, 1\] to 3 classes/) as string,
  });
  await expect(ensembleClassifiers([one, fewer])).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
  for (const model of [one, larger, fewer]) model.dispose();
});
