import { tf } from '../../model/tfjs.js';
import { loadCheckpoint } from '../../model/checkpoint/checkpoint.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import { FRAME_PART, trainedPart } from '../../model/heads/model-folder.js';
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
  { labels, crop }: { readonly labels: LabelSet; readonly crop: CropGeometry },
  crops: CropSource,
  places: readonly number[],
  drawn: readonly number[],
  onDone: (done: number, total: number) => void = () => undefined,
): Promise<Float32Array[]> {
  const sums = places.map(() => new Float32Array(labels.size));
  for (const [t, folder] of teachers.entries()) {
    const { model, info } = await loadCheckpoint(await trainedPart(folder, FRAME_PART), {
      kind: 'frame',
      labels,
      crop,
    });
    const { temperature, madeFor } = calibrationOf(info);
    // Of a class that is never drawn there is nothing to teach.
    const relative = madeFor?.map((share, k) => share / Math.max(drawn[k]!, 1e-9)) ?? null;
    try {
      for (let from = 0; from < places.length; from += BATCH) {
        const chosen = places.slice(from, from + BATCH);
        const pixels = Float32Array.from(await crops.read(chosen));
        const values = tf.tidy(() => {
          const pictures = tf.tensor4d(pixels, [chosen.length, crop.size, crop.size, crop.channels]);
          const logits = (x: tf.Tensor4D): tf.Tensor2D => model.apply(x, { training: false }) as tf.Tensor2D;
          const both = logits(pictures)
            .add(logits(tf.reverse(pictures, 2)))
            .div<tf.Tensor2D>(2); // [b, C]
          return toPosteriors(both, { temperature, madeFor: relative }).dataSync();
        });
        for (let i = 0; i < chosen.length; i += 1)
          for (let k = 0; k < labels.size; k += 1)
            sums[from + i]![k]! += values[i * labels.size + k]! / teachers.length;
        onDone(t * places.length + from + chosen.length, teachers.length * places.length);
      }
    } finally {
      model.dispose();
    }
  }
  return sums;
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
