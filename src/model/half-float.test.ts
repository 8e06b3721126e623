import { expect, test } from 'vitest';
import { storedBytes, widenHalfFloats } from './half-float.js';
import { tf } from './tfjs.js';

test('every float16 is widened as by TensorFlow.js, and other weights are unchanged', () => {
  const halves = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
  const specs: tf.io.WeightsManifestEntry[] = [
    { name: 'whole', shape: [2], dtype: 'int32' },
    { name: 'half', shape: [256, 256], dtype: 'float32', quantization: { dtype: 'float16' } },
    { name: 'byte', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', min: -1, scale: 0.5 } },
  ];
  const data = new Uint8Array(Buffer.concat([Buffer.from(Int32Array.of(7, -7).buffer), Buffer.from(halves.buffer), Buffer.of(0, 2, 4)])).buffer; // prettier-ignore
  expect(specs.map(storedBytes)).toEqual([8, 2 ** 17, 3]);
  const wide = widenHalfFloats({ weightSpecs: specs, weightData: data });
  const [expected, got] = [tf.io.decodeWeights(data, specs), tf.io.decodeWeights(wide.weightData, wide.weightSpecs)];
  expect(wide.weightSpecs[1]).toEqual({ name: 'half', shape: [256, 256], dtype: 'float32' });
  for (const name of Object.keys(expected)) expect(got[name]!.dataSync()).toEqual(expected[name]!.dataSync());
  tf.dispose([expected, got]);
});
