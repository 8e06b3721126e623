import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { tinyNetwork } from '../../../test/support/tiny-training.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { SeededRandom } from '../util/seeded-random.js';
import { ModelWeights } from './model-weights.js';

beforeAll(async () => {
  await openBackend();
});

function withNetwork<T>(use: (model: tf.LayersModel, weights: ModelWeights) => T | Promise<T>): () => Promise<void> {
  return async () => {
    const model = tinyNetwork();
    try {
      await use(model, new ModelWeights(model));
    } finally {
      model.dispose();
    }
  };
}

describe("a model's weights as flat lists", () => {
  it(
    'are all of them, those that are trained and the moving statistics',
    withNetwork((model, weights) => {
      const sizes = (list: readonly { readonly shape: readonly (number | null)[] }[]): number =>
        list.reduce((sum, { shape }) => sum + shape.reduce<number>((a, b) => a * b!, 1), 0);
      expect(weights.trainedLength).toBe(sizes(model.trainableWeights));
      expect(weights.movingLength).toBe(sizes(model.nonTrainableWeights));
      expect(weights.movingLength).toBeGreaterThan(0);
      expect(weights.variables).toHaveLength(model.trainableWeights.length);
    }),
  );

  it(
    'are read as they were written, and change what the model says',
    withNetwork(async (model, weights) => {
      const random = new SeededRandom(1);
      const picture = tf.randomUniform([1, 16, 16, 1], 0, 255, 'float32', 1);
      const say = (): Float32Array =>
        tf.tidy(() => (model.predict(picture) as tf.Tensor).dataSync<'float32'>().slice());
      const [initial, said] = [await weights.read(), say()];
      const before = tf.memory().numTensors;
      const others = {
        trained: Float32Array.from(initial.trained, () => 0.1 * random.normal()),
        moving: Float32Array.from(initial.moving, () => 1 + random.next()),
      };
      weights.write(others);
      expect(await weights.read()).toEqual(others);
      expect(await weights.readMoving()).toEqual(others.moving);
      expect(say()).not.toEqual(said);
      weights.write(initial);
      expect(say()).toEqual(said);
      weights.writeMoving(others.moving);
      expect(await weights.read()).toEqual({ trained: initial.trained, moving: others.moving });
      expect(tf.memory().numTensors).toBe(before);
      picture.dispose();
    }),
  );

  it(
    'do not share memory with the engine',
    withNetwork(async (_model, weights) => {
      const { trained } = await weights.read();
      const first = trained[0]!;
      trained[0] = 1e6;
      expect((await weights.read()).trained[0]).toBe(first);
    }),
  );

  it(
    'have a number each by layer and shape',
    withNetwork((model, weights) => {
      const numbers = weights.perWeight((layer, shape) => (layer === 'logits' ? shape.length : 0));
      const [kernel, bias] = model.getLayer('logits').getWeights();
      expect(numbers.filter((number) => number === 2)).toHaveLength(kernel!.size);
      expect(numbers.filter((number) => number === 1)).toHaveLength(bias!.size);
      // Convolutions and norms come before the head.
      expect(numbers.findIndex((number) => number > 0)).toBe(weights.trainedLength - kernel!.size - bias!.size);
    }),
  );

  it(
    'put gradients into their own order, zeros for weights without one',
    withNetwork((_model, weights) => {
      tf.tidy(() => {
        const [first, ...others] = weights.variables;
        const gradients = Object.fromEntries(
          others.map((variable, i) => [variable.name, tf.fill(variable.shape, i + 1)]),
        );
        const flat = weights.flatten(gradients).dataSync();
        expect(flat).toHaveLength(weights.trainedLength);
        const expected = [
          new Array<number>(first!.size).fill(0),
          ...others.map((variable, i) => new Array<number>(variable.size).fill(i + 1)),
        ].flat();
        expect([...flat]).toEqual(expected);
      });
    }),
  );

  it(
    'leave frozen layers out',
    withNetwork((model) => {
      for (const layer of model.layers) if (layer.name !== 'logits') layer.trainable = false;
      const head = new ModelWeights(model);
      expect(head.movingLength).toBe(0);
      expect(head.trainedLength).toBe(
        model
          .getLayer('logits')
          .getWeights()
          .reduce((sum, { size }) => sum + size, 0),
      );
    }),
  );
});
