import { createHash } from 'node:crypto';
import { tf } from '../../model/tfjs.js';
import { loadCheckpoint } from '../../model/checkpoint/checkpoint.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import { FRAME_PART, trainedPart } from '../../model/heads/model-folder.js';
import { checkpointHash } from '../../model/checkpoint/checkpoint-files.js';
import { calibrationOf, toPosteriors } from '../../model/heads/model-networks.js';
import type { LabelSet } from '../../model/label-set.js';
import type { CropSource } from '../data/crops/crop-source.js';
import type { TrainingFace } from '../data/training/image-training-set.js';

const BATCH = 64;

/**
 * What trained frame networks say of crops: the mean of their calibrated posteriors over each picture and its mirror image (Hinton et al. 2015).
 * @param drawn how often training draws each class, up to a factor: targets are posteriors for these frequencies. A teacher that does not say
 *   what frequencies it was made for is taken as it is [C]
 * @returns [N][C]
 * @throws FerError MODEL_INCOMPATIBLE where a teacher has other labels or wants other crops
 */
export async function teacherPosteriors(
  teachers: readonly string[],
  wanted: { readonly labels: LabelSet; readonly crop: CropGeometry },
  crops: CropSource,
  places: readonly number[],
  drawn: readonly number[],
  onDone: (done: number, total: number) => void = () => undefined,
): Promise<Float32Array[]> {
  const classes = wanted.labels.size;
  const sums = places.map(() => new Float32Array(classes));
  for (const [t, folder] of teachers.entries()) {
    const checkpoint = await trainedPart(folder, FRAME_PART);
    const { model, info } = await loadCheckpoint(checkpoint, { kind: 'frame', ...wanted });
    const { temperature, madeFor } = calibrationOf(info);
    // Of a class that is never drawn there is nothing to teach.
    const relative = madeFor?.map((share, k) => share / Math.max(drawn[k]!, 1e-9)) ?? null;
    const teacher = new Teacher(model, await checkpointHash(checkpoint));
    try {
      for (let from = 0; from < places.length; from += BATCH) {
        const chosen = places.slice(from, from + BATCH);
        const logits = teacher.logits(Float32Array.from(await crops.read(chosen)), chosen.length); // [b][C]
        const values = tf.tidy(() =>
          toPosteriors(
            tf.tensor2d(
              logits.flatMap((row) => [...row]),
              [chosen.length, classes],
            ),
            {
              temperature,
              madeFor: relative,
            },
          ).dataSync(),
        ); // [b, C]
        for (let i = 0; i < chosen.length; i += 1)
          for (let k = 0; k < classes; k += 1) sums[from + i]![k]! += values[i * classes + k]! / teachers.length;
        onDone(t * places.length + from + chosen.length, teachers.length * places.length);
      }
    } finally {
      model.dispose();
    }
  }
  return sums;
}

/** Logits by checkpoint and crop. The training stages of a recipe ask the same teachers about the same crops. */
const known = new Map<string, Map<string, Float32Array>>();

class Teacher {
  private readonly known: Map<string, Float32Array>;

  /** @param hash of the checkpoint */
  constructor(
    private readonly model: tf.LayersModel,
    hash: string,
  ) {
    this.known = known.get(hash) ?? new Map<string, Float32Array>();
    known.set(hash, this.known);
  }

  /**
   * The mean over each picture and its mirror image.
   * @param pixels [b, S, S, C]
   * @returns [b][classes]
   */
  logits(pixels: Float32Array, count: number): Float32Array[] {
    const length = pixels.length / count;
    const crops = Array.from({ length: count }, (_, i) => pixels.subarray(i * length, (i + 1) * length));
    const keys = crops.map((crop) =>
      createHash('sha256')
        .update(new Uint8Array(crop.buffer, crop.byteOffset, crop.byteLength))
        .digest('base64'),
    );
    const fresh = new Map(keys.flatMap((key, i) => (this.known.has(key) ? [] : [[key, crops[i]!]])));
    if (fresh.size > 0) {
      const values = tf.tidy(() => {
        const [, ...shape] = this.model.inputs[0]!.shape as [null, number, number, number];
        const pictures = tf.stack([...fresh.values()].map((crop) => tf.tensor3d(crop, shape))) as tf.Tensor4D; // [f, S, S, C]
        const both = [pictures, tf.reverse(pictures, 2)].map(
          (x) => this.model.apply(x, { training: false }) as tf.Tensor2D,
        ); // 2 x [f, C]
        return both[0]!.add(both[1]!).div(2).dataSync<'float32'>();
      });
      const classes = values.length / fresh.size;
      [...fresh.keys()].forEach((key, i) => this.known.set(key, values.slice(i * classes, (i + 1) * classes)));
    }
    return keys.map((key) => this.known.get(key)!);
  }
}

/** Labels with a share of what the teachers say. */
export function withTeachers(
  samples: readonly TrainingFace[],
  posteriors: readonly Float32Array[],
  share: number,
): TrainingFace[] {
  return samples.map((sample, i) => {
    const own = sample.shares ?? Array.from(posteriors[i]!, (_, k) => (k === sample.label ? 1 : 0));
    const sum = own.reduce((total, value) => total + value, 0) || 1;
    return { ...sample, shares: own.map((value, k) => ((1 - share) * value) / sum + share * posteriors[i]![k]!) };
  });
}
