import { tf } from '../../../model/tfjs.js';
import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { encoderOf } from '../../../model/networks/classifier.js';
import type { CropSource } from '../crops/crop-source.js';
import { nextTurn } from '../../util/event-loop.js';
import { mean } from '../../util/arrays.js';
import type { FeatureSource } from '../preprocess/file-features.js';

/** Frame-encoder features of each crop and of its mirror image. */
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

/** Of a frame network with `flipTta`: always the mean of both. */
export function meanOfSides(features: ClipFeatures): ClipFeatures {
  return {
    dimensions: features.dimensions,
    of: async (crops) => mean(await features.of(crops, false), await features.of(crops, true)),
  };
}

/** A frame network without its classifier, as numbers in and numbers out. */
export class FrameEncoder {
  private readonly encoder: tf.LayersModel;
  /** D */
  readonly dimensions: number;

  /** @param model a frame classifier; the encoder disposes it */
  constructor(private readonly model: tf.LayersModel) {
    this.encoder = encoderOf(model);
    this.dimensions = this.encoder.outputs[0]!.shape[1]!;
  }

  /** @param pixels [n, S, S, C] in 0..255 @returns features [n, D], of the pictures or their mirror images */
  async encode(pixels: Float32Array, { size, channels }: CropGeometry, mirrored: boolean): Promise<Float32Array> {
    const features = tf.tidy(() => {
      const images = tf.tensor4d(pixels, [pixels.length / (size * size * channels), size, size, channels]);
      return this.encoder.predict(mirrored ? images.reverse(2) : images) as tf.Tensor; // [n, D]
    });
    try {
      return (await features.data<'float32'>()).slice();
    } finally {
      features.dispose();
    }
  }

  dispose(): void {
    this.model.dispose();
  }
}

/** Crops encoded at a time: few, so that Ctrl-C between two of them is soon. */
const BATCH = 32;

/** Memory limit in bytes. */
const MOST_BYTES = 2 ** 30;

/**
 * Runs the frame encoder over all crops once and keeps what it gives in memory.
 * @throws FerError CONFIG_INVALID when that would take more than 1 GiB
 */
export async function computeFeatures(
  crops: CropSource,
  encoder: FrameEncoder,
  onDone: (done: number, total: number) => void = () => undefined,
): Promise<ClipFeatures> {
  const { dimensions } = encoder;
  const { count, geometry } = crops;
  if (2 * count * dimensions * Float32Array.BYTES_PER_ELEMENT > MOST_BYTES) {
    throw new FerError(
      'CONFIG_INVALID',
      `the features of ${count} frames do not fit into 1 GiB of memory: run "fer dataset prepare ... --features MODEL" and use prepared:DIR, for moreData too`,
    );
  }
  const views = [new Float32Array(count * dimensions), new Float32Array(count * dimensions)] as const;
  for (let from = 0; from < count; from += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
    const pixels = Float32Array.from(await crops.read(indices));
    for (const mirrored of [false, true])
      views[mirrored ? 1 : 0].set(await encoder.encode(pixels, geometry, mirrored), from * dimensions);
    await nextTurn();
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
