import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tf } from '../tfjs.js';
import { checkConvolutions } from './checked-convolutions.js';
import { filterGradientAt, inputGradientAt, outputAt } from './convolution-reference.js';
import type { ReferenceValue } from './convolution-reference.js';
import { convInfo } from './kernels/kernel.js';

/** Reproducible values without a pattern that a shape could hide in. */
function wave(shape: number[], seed: number): tf.Tensor4D {
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
    Math.sin((i + 1) * (1.3 + seed)),
  );
  return tf.tensor4d(values, shape as [number, number, number, number]);
}

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  side: fc.integer({ min: 3, max: 9 }),
  kernel: fc.constantFrom(1, 2, 3, 5),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom('same', 'valid'),
  channels: fc.integer({ min: 1, max: 4 }),
  filters: fc.integer({ min: 1, max: 4 }),
});

test('single values by the definition are those of TensorFlow.js, forward and backward', async () => {
  await tf.setBackend('cpu');
  fc.assert(
    fc.property(sizes, ({ batch, side, kernel, stride, pad, channels, filters }) => {
      fc.pre(pad === 'same' || kernel <= side);
      const attrs = { strides: [stride, stride], pad };
      const [xShape, filterShape] = [
        [batch, side, side + 1, channels],
        [kernel, kernel, channels, filters],
      ];
      const info = convInfo(attrs, xShape, filterShape);
      tf.tidy(() => {
        const [x, filter] = [wave(xShape, 1), wave(filterShape, 2)];
        const y = tf.conv2d(x, filter, stride, pad);
        const dy = wave(y.shape, 3);
        const [dx, dFilter] = tf.grads((a: tf.Tensor, b: tf.Tensor) =>
          tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad as 'same').mul(dy),
        )([x, filter]);
        const [xs, filters_, dys] = [x.dataSync(), filter.dataSync(), dy.dataSync()];
        expectSame(y, (at) => outputAt(info, xs, filters_, at));
        expectSame(dx!, (at) => inputGradientAt(info, dys, filters_, at));
        expectSame(dFilter!, (at) => filterGradientAt(info, xs, dys, at));
      });
    }),
    { numRuns: 60 },
  );
});

function expectSame(computed: tf.Tensor, reference: (at: number) => ReferenceValue): void {
  const wrong = [...computed.dataSync()].filter((value, at) => {
    const { value: expected, scale } = reference(at);
    return !(Math.abs(value - expected) < 1e-5 * scale + 1e-6);
  });
  expect(wrong).toEqual([]);
}

describe('an engine that computes some convolutions wrong', () => {
  const engine = 'faulty';
  /** Kernels whose results are off by a tenth. */
  const faulty = new Set<string>();
  let calls = 0;

  beforeAll(async () => {
    await tf.setBackend('cpu');
    const backend = tf.backend();
    tf.registerBackend(engine, () => backend);
    for (const { kernelName, kernelFunc, ...rest } of tf.getKernelsForBackend('cpu')) {
      tf.registerKernel({
        ...{ ...rest, kernelName, backendName: engine },
        kernelFunc: (call) => {
          const result = kernelFunc(call) as tf.TensorInfo;
          if (!/Conv2D/.test(kernelName)) return result;
          calls += 1;
          const tensor = tf.engine().makeTensorFromTensorInfo(result);
          return faulty.has(kernelName) ? tensor.mul(1.1) : tensor;
        },
      });
    }
    expect(await tf.setBackend(engine)).toBe(true);
    checkConvolutions(engine);
  });

  afterAll(async () => {
    await tf.setBackend('cpu');
    tf.removeBackend(engine);
  });

  test('a wrong filter gradient is computed by matrix products', () => {
    faulty.add('Conv2DBackpropFilter');
    const info = convInfo({ strides: [2, 2], pad: 'same' }, [2, 8, 7, 3], [3, 3, 3, 6]);
    const [x, dy] = [wave([2, 8, 7, 3], 1), wave(info.outShape, 2)];
    const loss = (filter: tf.Tensor): tf.Tensor => tf.conv2d(x, filter as tf.Tensor4D, 2, 'same').mul(dy);
    // The first time the engine's result is looked at; then it is known to be wrong.
    for (let run = 0; run < 2; run += 1) {
      const gradient = tf.tidy(() => tf.grad(loss)(wave(info.filterShape, 3)));
      expectSame(gradient, (at) => filterGradientAt(info, x.dataSync(), dy.dataSync(), at));
      gradient.dispose();
    }
    tf.dispose([x, dy]);
    faulty.delete('Conv2DBackpropFilter');
  });

  test('a wrong result is an error that says what to do', () => {
    faulty.add('Conv2D');
    expect(() => tf.conv2d(wave([1, 5, 5, 2], 1), wave([3, 3, 2, 2], 2), 1, 'same')).toThrow(
      expect.objectContaining({
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringMatching(
          /a convolution wrong \(3x3, stride 1x1, 5x5x2 to 2 channels\): set TF_ENABLE_ONEDNN_OPTS=0/,
        ) as string,
      }),
    );
    faulty.delete('Conv2D');
  });

  test('each size is verified once, and no tensor is left', () => {
    const run = (): void => {
      tf.tidy(
        () =>
          void tf.fused.conv2d({
            x: wave([1, 6, 6, 2], 1),
            filter: wave([3, 3, 2, 5], 2),
            strides: 1,
            pad: 'same',
            activation: 'relu',
          }),
      );
    };
    const before = tf.memory().numTensors;
    run();
    const first = calls;
    run();
    expect(calls - first).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });
});
