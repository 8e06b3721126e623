import { expect, test } from 'vitest';
import { storedBytes, storedWeights, weightValues } from './stored-weights.js';
import { tf } from './tfjs.js';

test('weights of every stored type are decoded as by TensorFlow.js', () => {
  const halves = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
  const levels = Uint8Array.from({ length: 256 }, (_, i) => i);
  const [byte, short] = [{ dtype: 'uint8', min: -1.1, scale: 0.013 }, { dtype: 'uint16', min: -7, scale: 1e-4 }] as const; // prettier-ignore
  const specs: tf.io.WeightsManifestEntry[] = [
    { name: 'whole', shape: [2], dtype: 'int32' },
    { name: 'byte', shape: [256], dtype: 'float32', quantization: byte },
    { name: 'odd', shape: [3], dtype: 'float32', quantization: byte },
    { name: 'float', shape: [2], dtype: 'float32' },
    { name: 'half', shape: [256, 256], dtype: 'float32', quantization: { dtype: 'float16' } },
    { name: 'short', shape: [2 ** 16], dtype: 'float32', quantization: short },
    { name: 'level', shape: [256], dtype: 'int32', quantization: byte },
  ];
  const parts = [Int32Array.of(7, -7), levels, Uint8Array.of(0, 2, 4), Float32Array.of(0.1, -3), halves, halves, levels]; // prettier-ignore
  const data = new Uint8Array(Buffer.concat(parts.map(({ buffer }) => Buffer.from(buffer))));
  expect(specs.map(storedBytes)).toEqual([8, 256, 3, 8, 2 ** 17, 2 ** 17, 256]);
  const expected = tf.io.decodeWeights(data.buffer, specs);
  for (const weight of storedWeights(specs, data))
    expect(weightValues(weight), weight.spec.name).toEqual(expected[weight.spec.name]!.dataSync());
  tf.dispose(expected);
});
