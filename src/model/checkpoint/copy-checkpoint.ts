import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/index.js';
import { LARGEST_FLOAT16, toFloat16 } from './float16.js';
import { folderHandler } from './folder-handler.js';
import { readCheckpointInfo } from './load-checkpoint.js';
import { INFO_FILE } from './save-checkpoint.js';

/** How the numbers of a checkpoint are kept: as they were trained, or in half the space. */
export const WEIGHT_PRECISIONS = ['float32', 'float16'] as const;
export type WeightPrecision = (typeof WEIGHT_PRECISIONS)[number];

/**
 * Copies a checkpoint into a new folder. With `float16`, kernels are rounded to half precision in TensorFlow.js' own format, which turns them back into float32 on loading;
 * biases and what batch normalisation keeps, little as they take, stay as they are.
 * @throws FerError WEIGHTS_MISSING when it is not whole, OUTPUT_UNWRITABLE
 */
export async function copyCheckpoint(from: string, to: string, precision: WeightPrecision = 'float32'): Promise<void> {
  await readCheckpointInfo(from);
  const artifacts = await folderHandler(from)
    .load!()
    .catch((cause: unknown) => {
      throw new FerError('WEIGHTS_MISSING', `checkpoint ${from}: cannot be read; copy it again from where it was trained`, { cause });
    });
  try {
    await mkdir(to, { recursive: true });
    await folderHandler(to).save!(precision === 'float16' ? halved(artifacts) : artifacts);
    await copyFile(join(from, INFO_FILE), join(to, INFO_FILE));
  } catch (cause) {
    throw new FerError('OUTPUT_UNWRITABLE', `checkpoint ${to} cannot be written (${(cause as Error).message}); choose a folder that can`, { cause });
  }
}

/** Kernels, and whatever else has two dimensions or more, as float16. */
function halved(artifacts: tf.io.ModelArtifacts): tf.io.ModelArtifacts {
  const data = tf.io.CompositeArrayBuffer.join(artifacts.weightData);
  const parts: ArrayBuffer[] = [];
  let offset = 0;
  const weightSpecs = (artifacts.weightSpecs ?? []).map((spec): tf.io.WeightsManifestEntry => {
    const isHalf = spec.quantization?.dtype === 'float16';
    const bytes = tf.util.sizeFromShape(spec.shape) * (isHalf ? 2 : 4);
    const own = data.slice(offset, offset + bytes);
    offset += bytes;
    const values = isHalf ? null : new Float32Array(own);
    if (values === null || spec.dtype !== 'float32' || spec.shape.length < 2 || values.some((value) => Math.abs(value) > LARGEST_FLOAT16)) {
      parts.push(own);
      return spec;
    }
    parts.push(toFloat16(values).buffer as ArrayBuffer);
    return { ...spec, quantization: { dtype: 'float16' } };
  });
  return { ...artifacts, weightSpecs, weightData: tf.io.CompositeArrayBuffer.join(parts) };
}
