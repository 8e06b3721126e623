import * as tf from '@tensorflow/tfjs';

/** softmax(logits / temperature). [N, C] -> [N, C] */
export function toPosteriors(logits: tf.Tensor2D, temperature: number): tf.Tensor2D {
  return tf.tidy(() => tf.softmax(temperature === 1 ? logits : logits.div<tf.Tensor2D>(temperature)));
}

/** The rows of a tensor, which is disposed. [N, D] -> [N][D] */
export async function readRows(rows: tf.Tensor2D): Promise<Float32Array[]> {
  const [count, width] = rows.shape;
  const values = (await rows.data()) as Float32Array;
  rows.dispose();
  return Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width));
}
