import { createHash } from 'node:crypto';
import { tf } from '../../model/tfjs.js';
import { loadCheckpoint } from '../../model/checkpoint/checkpoint.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import { FRAME_PART, trainedPart } from '../../model/heads/model-folder.js';
import { checkpointHash } from '../../model/checkpoint/checkpoint-files.js';
import { calibrationOf, toPosteriors } from '../../model/heads/model-networks.js';
import type { LabelSet } from '../../model/label-set.js';
import { withFeatures } from '../../model/networks/classifier.js';
import type { TrainConfig } from '../config/train-config.js';
import type { CropSource } from '../data/crops/crop-source.js';
import type { TrainingFace } from '../data/training/image-training-set.js';

const BATCH = 64;

/** What trained frame networks say of crops. */
export interface TeacherOutputs {
  /** [N][C] */
  readonly posteriors: readonly Float32Array[];
  /** Those of all teachers one after the other, each teacher's with a root mean square norm of 1; null if not asked for. [N][D1 + D2 + ...] */
  readonly features: readonly Float32Array[] | null;
}

/**
 * The mean of the calibrated posteriors of trained frame networks over each crop and its mirror image (Hinton et al. 2015), and their features, averaged likewise.
 * @param drawn how often training draws each class, up to a factor: targets are posteriors for these frequencies. A teacher that does not say
 *   what frequencies it was made for is taken as it is [C]
 * @throws FerError MODEL_INCOMPATIBLE where a teacher has other labels or wants other crops
 */
export async function askTeachers(
  { teachers, features: featureWeight }: Pick<NonNullable<TrainConfig['distil']>, 'teachers' | 'features'>,
  wanted: { readonly labels: LabelSet; readonly crop: CropGeometry },
  crops: CropSource,
  places: readonly number[],
  drawn: readonly number[],
  onDone: (done: number, total: number) => void = () => undefined,
): Promise<TeacherOutputs> {
  const classes = wanted.labels.size;
  const sums = places.map(() => new Float32Array(classes));
  /** By teacher. [teachers][N][D] */
  const features: Float32Array[][] = [];
  for (const [t, folder] of teachers.entries()) {
    const checkpoint = await trainedPart(folder, FRAME_PART);
    const { model, info } = await loadCheckpoint(checkpoint, { kind: 'frame', ...wanted });
    const { temperature, madeFor } = calibrationOf(info);
    // Of a class that is never drawn there is nothing to teach.
    const relative = madeFor?.map((share, k) => share / Math.max(drawn[k]!, 1e-9)) ?? null;
    const teacher = new Teacher(model, await checkpointHash(checkpoint), featureWeight > 0);
    const seen: Float32Array[] = [];
    try {
      for (let from = 0; from < places.length; from += BATCH) {
        const chosen = places.slice(from, from + BATCH);
        const outputs = teacher.outputs(Float32Array.from(await crops.read(chosen)), chosen.length); // [b][C + D]
        const logits = outputs.map((row) => row.subarray(0, classes)); // [b][C]
        seen.push(...outputs.map((row) => row.subarray(classes)));
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
    if (featureWeight > 0) features.push(ofNorm1(seen));
  }
  return {
    posteriors: sums,
    features: featureWeight > 0 ? places.map((_, i) => joined(features.map((of) => of[i]!))) : null,
  };
}

/** Divided by their root mean square norm, so that no teacher outweighs another. [N][D] */
function ofNorm1(rows: readonly Float32Array[]): Float32Array[] {
  const squares = rows.reduce((sum, row) => sum + row.reduce((total, value) => total + value ** 2, 0), 0);
  const norm = Math.sqrt(squares / Math.max(1, rows.length)) || 1;
  return rows.map((row) => row.map((value) => value / norm));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Outputs by checkpoint and crop. The training stages of a recipe ask the same teachers about the same crops. */
const known = new Map<string, Map<string, Float32Array>>();

class Teacher {
  private readonly known: Map<string, Float32Array>;

  /** @param hash of the checkpoint */
  constructor(
    private readonly model: tf.LayersModel,
    hash: string,
    private readonly withFeatures: boolean,
  ) {
    const key = withFeatures ? `${hash} with features` : hash;
    this.known = known.get(key) ?? new Map<string, Float32Array>();
    known.set(key, this.known);
  }

  /**
   * Logits and, where asked for, features: the mean over each picture and its mirror image.
   * @param pixels [b, S, S, C]
   * @returns [b][classes (+ D)]
   */
  outputs(pixels: Float32Array, count: number): Float32Array[] {
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
        const model = this.withFeatures ? withFeatures(this.model) : this.model;
        const both = [pictures, tf.reverse(pictures, 2)].map((x) =>
          tf.concat([model.apply(x, { training: false })].flat() as tf.Tensor2D[], 1),
        ); // 2 x [f, C (+ D)]
        return both[0]!.add(both[1]!).div(2).dataSync<'float32'>();
      });
      const width = values.length / fresh.size;
      [...fresh.keys()].forEach((key, i) => this.known.set(key, values.slice(i * width, (i + 1) * width)));
    }
    return keys.map((key) => this.known.get(key)!);
  }
}

/** Labels with a share of what the teachers say, and their features. */
export function withTeachers(
  samples: readonly TrainingFace[],
  { posteriors, features }: TeacherOutputs,
  share: number,
): TrainingFace[] {
  return samples.map((sample, i) => {
    const own = sample.shares ?? Array.from(posteriors[i]!, (_, k) => (k === sample.label ? 1 : 0));
    const sum = own.reduce((total, value) => total + value, 0) || 1;
    return {
      ...sample,
      shares: own.map((value, k) => ((1 - share) * value) / sum + share * posteriors[i]![k]!),
      ...(features && { teacherFeatures: features[i]! }),
    };
  });
}
