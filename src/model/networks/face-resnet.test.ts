import { tf } from '../tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../engines/open-backend.js';
import { RECOGNITION_BLOCKS, disposeRecognition, loadRecognitionWeights } from '../pretrained/recognition-weights.js';
import type { RecognitionWeights } from '../pretrained/recognition-weights.js';
import { encoderOf, frameClassifier } from './classifier.js';
import { FACE_RESNET_SIDES, faceResNet, startFromRecognition } from './face-resnet.js';

beforeAll(async () => {
  await openBackend();
});

const picture = (batch: number, size: number, channels: number): tf.Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: batch * size * size * channels }, (_, i) => 128 + 80 * Math.sin((i * i) / 997)),
    [batch, size, size, channels],
  );

/** The recognition network's first eleven blocks as its authors compute them: strided convolutions beside means over 2x2, widened with zeros. */
function reference(x: tf.Tensor4D, { convolutions }: RecognitionWeights): tf.Tensor {
  const convolve = (input: tf.Tensor4D, name: string, strides: 1 | 2): tf.Tensor4D => {
    const { filter, bias } = convolutions.get(name)!;
    return tf.add(tf.conv2d(input, filter, strides, strides === 2 ? 'valid' : 'same'), bias);
  };
  let y: tf.Tensor4D = tf.maxPool(tf.relu(convolve(x, 'conv32_down', 2)), 3, 2, 'valid');
  for (const block of RECOGNITION_BLOCKS.slice(0, 11)) {
    const halves = block.includes('down');
    const out = convolve(tf.relu(convolve(y, `${block}/conv1`, halves ? 2 : 1)), `${block}/conv2`, 1);
    const pooled: tf.Tensor4D = halves ? tf.avgPool(y, 2, 2, 'valid') : y;
    y = tf.relu(
      tf.add<tf.Tensor4D>(
        out,
        tf.pad(pooled, [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, out.shape[3] - pooled.shape[3]],
        ]),
      ),
    );
  }
  return y.mean([1, 2]);
}

describe('face ResNet', () => {
  it.each(FACE_RESNET_SIDES)('takes crops enlarged to %i to 256 features', (enlargeTo) => {
    const model = faceResNet({ size: 24, enlargeTo });
    tf.tidy(() => {
      expect((model.predict(picture(2, 24, 1)) as tf.Tensor).shape).toEqual([2, 256]);
    });
    expect(Math.round(model.countParams() / 1e5)).toBe(22);
    model.dispose();
  });

  it('from the weights for face recognition, answers as that network does half way', async () => {
    const model = faceResNet({ size: 99, channels: 3 });
    const recognition = await loadRecognitionWeights();
    const before = tf.memory().numTensors;
    expect(await startFromRecognition(model)).toBe(2 * (1 + 2 * 11 + 3));
    expect(tf.memory().numTensors).toBe(before);
    tf.tidy(() => {
      const x = picture(2, 99, 3);
      const rows = x.reshape([2, -1]);
      const { mean, variance } = tf.moments(rows, 1, true);
      const standardised = rows
        .sub(mean)
        .div(variance.sqrt())
        .mul(56 / 255)
        .reshape<tf.Tensor4D>(x.shape);
      const expected = reference(standardised, recognition);
      const difference = (model.predict(x) as tf.Tensor).sub(expected).abs().max().dataSync()[0]!;
      expect(difference).toBeLessThan(1e-4 * expected.abs().max().dataSync()[0]!);
    });
    disposeRecognition(recognition);
    model.dispose();
  });

  it('a grey one begins as that of colours on grey pictures', async () => {
    const [grey, colours] = [
      faceResNet({ size: 40, enlargeTo: 67 }),
      faceResNet({ size: 40, enlargeTo: 67, channels: 3 }),
    ];
    for (const model of [grey, colours]) await startFromRecognition(model);
    tf.tidy(() => {
      const x = picture(1, 40, 1);
      const [a, b] = [grey.predict(x) as tf.Tensor, colours.predict(tf.tile(x, [1, 1, 1, 3])) as tf.Tensor];
      expect(a.sub(b).abs().max().dataSync()[0]!).toBeLessThan(1e-4 * a.abs().max().dataSync()[0]!);
    });
    grey.dispose();
    colours.dispose();
  });

  it('begins at random by its seed, and learns', () => {
    const models = [1, 1, 2].map((seed) =>
      frameClassifier(faceResNet({ size: 20, enlargeTo: 67, seed }), { classes: 2, seed }),
    );
    const [a, b, c] = models.map((model) =>
      tf.tidy(() => (encoderOf(model).predict(picture(1, 20, 1)) as tf.Tensor).dataSync()),
    );
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect([...a!].every(Number.isFinite)).toBe(true);
    const model = models[0]!;
    const optimizer = tf.train.adam(1e-3);
    const x = tf.concat([picture(2, 20, 1), picture(2, 20, 1).reverse(1)]); // [4, 20, 20, 1]
    const labels = tf.oneHot(tf.tensor1d([0, 0, 1, 1], 'int32'), 2);
    const losses = Array.from({ length: 8 }, () => {
      const loss = optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor),
        true,
      )!;
      const [value] = loss.dataSync();
      loss.dispose();
      return value!;
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    tf.dispose([x, labels]);
    optimizer.dispose();
    for (const each of models) each.dispose();
  });
});
