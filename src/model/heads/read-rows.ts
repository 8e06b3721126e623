import { tf } from '../tfjs.js';
import type { CheckpointInfo } from '../checkpoint/checkpoint-info.js';
import type { Values } from '../sessions/network.js';

/** How logits become posteriors. */
export interface Calibration {
  /** Logits are divided by it. */
  readonly temperature: number;
  /** Class frequencies that the logits are made for and that are taken out of them; null where they are not known. [C] */
  readonly madeFor: readonly number[] | null;
}

export function calibrationOf({ temperature = 1, priors }: CheckpointInfo): Calibration {
  return { temperature, madeFor: priors?.posteriors ?? null };
}

/** softmax(logits / temperature - log(made for)): for classes that are all alike, where it is known what they were made for. [N, C] -> [N, C] */
export function toPosteriors(logits: tf.Tensor2D, { temperature, madeFor }: Calibration): tf.Tensor2D {
  return tf.tidy(() => {
    const tempered = temperature === 1 ? logits : logits.div<tf.Tensor2D>(temperature);
    if (madeFor === null) return tf.softmax(tempered);
    return tf.softmax(tempered.sub<tf.Tensor2D>(tf.tensor1d(madeFor.map((share) => Math.log(Math.max(share, 1e-9))))));
  });
}

/** Reads the rows of a tensor and disposes it. [N, D] -> [N][D] */
export async function readRows(rows: tf.Tensor2D): Promise<Float32Array[]> {
  const values = { data: await rows.data<'float32'>(), shape: rows.shape };
  rows.dispose();
  return rowsOf(values);
}

/** The rows of an output, each with memory of its own. [..., N, D] -> [N][D] */
export function rowsOf({ data, shape }: Values): Float32Array[] {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width));
}
