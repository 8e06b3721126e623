import * as tf from '@tensorflow/tfjs';
import { FerError } from '../../errors/fer-error.js';
import { encoderOf } from '../../model/networks/index.js';
import type { CropSource } from '../crops/index.js';
import type { FeatureSource } from '../prepare/index.js';

/** What the frame encoder makes of each crop, and of its mirror image. */
export interface ClipFeatures {
  /** D */
  readonly dimensions: number;
  /** [n, D] */
  of(crops: readonly number[], mirrored: boolean): Promise<Float32Array>;
}

/** Features that `fer dataset prepare --features` has put on the disk. */
export function preparedFeatures(source: FeatureSource): ClipFeatures {
  return { dimensions: source.dimensions, of: (crops, mirrored) => source.read(crops, mirrored) };
}

/** Crops encoded at a time. */
const BATCH = 128;

/** What may be held in memory. */
const MOST_BYTES = 2 ** 30;

/**
 * Runs the frame encoder over all crops once and keeps what it gives in memory.
 * @throws FerError CONFIG_INVALID when that would take more than 1 GiB
 */
export async function computeFeatures(crops: CropSource, model: tf.LayersModel, onDone: (done: number, total: number) => void = () => undefined): Promise<ClipFeatures> {
  const encoder = encoderOf(model);
  const dimensions = encoder.outputs[0]!.shape[1]!;
  const { count, geometry } = crops;
  if (2 * count * dimensions * Float32Array.BYTES_PER_ELEMENT > MOST_BYTES) {
    throw new FerError('CONFIG_INVALID', `the features of ${count} frames do not fit into 1 GiB of memory: run "fer dataset prepare ... --features MODEL" and use prepared:DIR`);
  }
  const views = [new Float32Array(count * dimensions), new Float32Array(count * dimensions)] as const;
  for (let from = 0; from < count; from += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
    const pixels = await crops.read(indices);
    const both = tf.tidy(() => {
      const plain = tf.tensor4d(Float32Array.from(pixels), [indices.length, geometry.size, geometry.size, geometry.channels]);
      return [plain, plain.reverse(2)].map((images) => encoder.predict(images) as tf.Tensor); // [n, D] each
    });
    for (const [view, features] of both.entries()) views[view]!.set(await features.data<'float32'>(), from * dimensions);
    tf.dispose(both);
    onDone(from + indices.length, count);
  }
  return {
    dimensions,
    of: (wanted, mirrored) => {
      const all = views[mirrored ? 1 : 0];
      const chosen = new Float32Array(wanted.length * dimensions);
      wanted.forEach((crop, i) => {
        chosen.set(all.subarray(crop * dimensions, (crop + 1) * dimensions), i * dimensions);
      });
      return Promise.resolve(chosen);
    },
  };
}
