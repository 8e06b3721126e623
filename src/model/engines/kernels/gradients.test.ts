import { tf } from '../../tfjs.js';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openBackend } from '../open-backend.js';

// Every gradient that training takes on wasm, against plain JavaScript ('cpu').

beforeAll(async () => {
  await openBackend({ backend: 'wasm' });
});

let before = 0;
beforeEach(async () => {
  await tf.setBackend('wasm');
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(before);
});

/** Reproducible values without any pattern a shape could hide in. */
function wave(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
      Math.sin((i + 1) * (1.3 + seed) + (i % 7) * seed),
    ),
    shape,
  );
}

/** The gradients of a function by all of its inputs, contracted with a varying dy, on one engine. */
async function gradientsOn(
  engine: 'wasm' | 'cpu',
  shapes: number[][],
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
): Promise<Float32Array[]> {
  await tf.setBackend(engine);
  const gradients = tf.tidy(() => {
    const inputs = shapes.map((shape, i) => wave(shape, i + 1));
    return tf.grads((...xs: tf.Tensor[]) => {
      const y = f(...xs);
      return y.mul(wave(y.shape, 9)).sum();
    })(inputs);
  });
  const values = await Promise.all(gradients.map(async (gradient) => (await gradient.data()) as Float32Array));
  tf.dispose(gradients);
  return values;
}

/** |a - b| / |b|, in double precision. */
function relativeError(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  let difference = 0;
  let norm = 0;
  b.forEach((value, i) => {
    difference += (a[i]! - value) ** 2;
    norm += value ** 2;
  });
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}

async function expectEqualGradients(shapes: number[][], f: (...inputs: tf.Tensor[]) => tf.Tensor): Promise<void> {
  const reference = await gradientsOn('cpu', shapes, f);
  const values = await gradientsOn('wasm', shapes, f);
  values.forEach((value, i) => {
    expect(relativeError(value, reference[i]!)).toBeLessThan(1e-5);
  });
}

/** Written out for each side: a single number TensorFlow.js miscounts where kernels are not square. */
const UNEVEN: [[number, number], [number, number], [number, number], [number, number]] = [
  [0, 0],
  [2, 1],
  [0, 2],
  [0, 0],
];

describe('convolution', () => {
  test.each(
    [1, 3, 5].flatMap((kernel) =>
      [1, 2].flatMap((stride) => (['same', 'valid', 1] as const).map((pad) => ({ kernel, stride, pad }))),
    ),
  )('kernel $kernel, stride $stride, padding $pad', async ({ kernel, stride, pad }) => {
    const explicit = pad === 1 && kernel === 1 ? 0 : pad;
    for (const [height, width] of [
      [8, 8],
      [7, 9],
    ] as const) {
      await expectEqualGradients(
        [
          [2, height, width, 3],
          [kernel, kernel, 3, 5],
        ],
        (x, w) =>
          tf.conv2d(
            x as tf.Tensor4D,
            w as tf.Tensor4D,
            stride,
            explicit,
            'NHWC',
            1,
            explicit === pad ? (pad === 1 ? 'floor' : undefined) : 'floor',
          ),
      );
    }
  });

  test('any size, kernel, stride and padding, along both axes', async () => {
    const axis = fc.record({
      size: fc.integer({ min: 5, max: 9 }),
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        axis,
        axis,
        fc.constantFrom('same' as const, 'valid' as const, UNEVEN),
        fc.integer({ min: 1, max: 3 }),
        async (rows, cols, pad, channels) => {
          await expectEqualGradients(
            [
              [2, rows.size, cols.size, channels],
              [rows.kernel, cols.kernel, channels, 2],
            ],
            (x, w) =>
              tf.conv2d(
                x as tf.Tensor4D,
                w as tf.Tensor4D,
                [rows.stride, cols.stride],
                pad,
                'NHWC',
                1,
                pad === UNEVEN ? 'floor' : undefined,
              ),
          );
        },
      ),
      { numRuns: 60, seed: 3 },
    );
  });

  test.each([1, 2])('fused with bias and relu, stride %i', async (strides) => {
    await expectEqualGradients([[2, 7, 6, 3], [3, 3, 3, 4], [4]], (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        strides,
        pad: 'same',
        bias,
        activation: 'relu',
      }),
    );
  });

  test.each(
    [1, 2].flatMap((stride) =>
      (['same', 'valid'] as const).flatMap((pad) => [1, 2].map((multiplier) => ({ stride, pad, multiplier }))),
    ),
  )('depthwise, stride $stride, $pad, multiplier $multiplier', async ({ stride, pad, multiplier }) => {
    await expectEqualGradients(
      [
        [2, 7, 8, 3],
        [3, 3, 3, multiplier],
      ],
      (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
    );
  });
});

describe('matrix product', () => {
  const sides = [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const;
  const shape = (batch: number[], rows: number, columns: number, transposed: boolean): number[] => [
    ...batch,
    ...(transposed ? [columns, rows] : [rows, columns]),
  ];

  // The larger size is beyond the one from which products are cut out of their batch.
  for (const [m, k, n] of [
    [3, 4, 5],
    [33, 40, 29],
  ] as const) {
    for (const [name, batchA, batchB] of [
      ['two matrices', [], []],
      ['a batch', [3], [3]],
      ['batches of two dimensions', [2, 3], [2, 3]],
    ] as const) {
      test.each(sides)(`${name}, ${m}x${k}x${n}, transposed %s, %s`, async (transposeA, transposeB) => {
        await expectEqualGradients(
          [shape([...batchA], m, k, transposeA), shape([...batchB], k, n, transposeB)],
          (a, b) => tf.matMul(a, b, transposeA, transposeB),
        );
      });
    }
    // TensorFlow.js itself has no gradient for these.
    test.each([
      ['a batch times one matrix', 3, 1],
      ['one matrix times a batch', 1, 3],
    ] as const)(`%s, ${m}x${k}x${n}`, async (_, batchA, batchB) => {
      const productOn = async (engine: 'wasm' | 'cpu'): Promise<Float32Array> => {
        await tf.setBackend(engine);
        const y = tf.tidy(() => tf.matMul(wave([batchA, m, k], 1), wave([batchB, n, k], 2), false, true)); // [3, M, N]
        expect(y.shape).toEqual([3, m, n]);
        const values = await y.data<'float32'>();
        y.dispose();
        return values;
      };
      const reference = await productOn('cpu');
      expect(relativeError(await productOn('wasm'), reference)).toBeLessThan(1e-5);
    });
  }
});

describe('the other operations of our networks', () => {
  const image = [2, 7, 6, 3];

  test.each([
    ['max pooling', (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same')],
    ['average pooling', (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid')],
    ['mean over the picture', (x: tf.Tensor) => x.mean([1, 2])],
    ['relu', (x: tf.Tensor) => x.relu()],
    ['softmax', (x: tf.Tensor) => x.softmax()],
    ['log softmax', (x: tf.Tensor) => x.logSoftmax()],
    ['gather', (x: tf.Tensor) => tf.gather(x, tf.tensor1d([1, 0, 1, 1], 'int32'))],
    ['gather in the middle', (x: tf.Tensor) => tf.gather(x, tf.tensor1d([6, 0, 6], 'int32'), 1)],
    ['transpose', (x: tf.Tensor) => x.transpose([0, 2, 1, 3]).square()],
    ['concat and slice', (x: tf.Tensor) => tf.concat([x, x.square()], 3).slice([0, 1, 0, 2], [2, 5, 6, 3])],
    [
      'pad',
      (x: tf.Tensor) =>
        x
          .pad([
            [0, 0],
            [1, 2],
            [0, 1],
            [0, 0],
          ])
          .square(),
    ],
    ['elu, tanh, sigmoid', (x: tf.Tensor) => x.elu().tanh().sigmoid()],
  ] as const)('%s', async (_, f) => {
    await expectEqualGradients([image], f);
  });

  test('missing segments are left out of a sum', async () => {
    const sum = tf.tidy(() =>
      tf.unsortedSegmentSum(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), tf.tensor1d([1, -1, 1], 'int32'), 3),
    );
    expect([...(await sum.data())]).toEqual([0, 0, 6, 8, 0, 0]);
    sum.dispose();
  });
});

test('many steps leave no tensor behind', async () => {
  const step = (): void => {
    tf.tidy(() => {
      const loss = (x: tf.Tensor, w: tf.Tensor): tf.Scalar =>
        tf
          .conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same')
          .square()
          .mean();
      tf.grads(loss)([wave([2, 8, 8, 3], 1), wave([3, 3, 3, 4], 2)]);
    });
  };
  step();
  const { numTensors, numDataBuffers } = tf.memory();
  for (let i = 0; i < 20; i++) step();
  expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  await Promise.resolve();
});
