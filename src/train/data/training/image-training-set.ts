import type { Augmentation, PixelImage } from '../../augment/pixel.js';
import { flip } from '../../augment/pixel.js';
import type { CropSource } from '../crops/crop-source.js';
import { cropLength } from '../crops/crop-source.js';
import { mean } from '../../util/arrays.js';
import { SlightExpressions } from './slight-expressions.js';
import type { Mix, SlightOptions } from './slight-expressions.js';
import { sampleRng } from './training-set.js';
import type { BatchRequest, MicroBatch, EvaluationSet, Predict, TrainingSet } from './training-set.js';

/** A labelled face crop. */
export interface TrainingFace {
  readonly id: string;
  /** Readable name, if different. */
  readonly name?: string;
  /** Place in the crop source. */
  readonly crop: number;
  /** Class index. */
  readonly label: number;
  /** Shares of the classes, to be trained with in place of the label. [C] */
  readonly shares: readonly number[] | null;
  /** What teachers see in it; all samples of a set have it, or none. [D] */
  readonly teacherFeatures?: Float32Array;
}

export interface ImageTrainingOptions {
  readonly weak: Augmentation;
  readonly strong: Augmentation;
  /** Train with the shares; a sample without any counts wholly for its label. */
  readonly softLabels: boolean;
  readonly classCount: number;
  /** Expressive faces mixed with a similar neutral one; null for none. With it labels are always shares. */
  readonly slight?: SlightOptions | null;
}

/** Images to train on, each one sample. */
export class ImageTrainingSet implements TrainingSet {
  readonly classes: readonly number[];
  readonly rowIds: readonly string[];
  readonly rowNames: readonly string[];
  readonly rowLabels: Int32Array;
  private readonly slight: SlightExpressions | null;

  constructor(
    private readonly crops: CropSource,
    private readonly samples: readonly TrainingFace[],
    private readonly options: ImageTrainingOptions,
  ) {
    this.classes = samples.map(({ label }) => label);
    this.rowIds = samples.map(({ id }) => id);
    this.rowNames = samples.map(({ id, name = id }) => name);
    this.rowLabels = Int32Array.from(this.classes);
    this.slight = options.slight ? new SlightExpressions(crops, samples, options.slight) : null;
  }

  get count(): number {
    return this.samples.length;
  }

  async sampleBatch(...[indices, secondView, random, repeats = []]: BatchRequest): Promise<MicroBatch> {
    const { weak, strong, softLabels, classCount, slight } = this.options;
    const chosen = indices.map((index) => this.samples[index]!);
    const length = cropLength(this.crops.geometry);
    const pictures = await this.crops.read(chosen.map(({ crop }) => crop));
    const { size, channels } = this.crops.geometry;
    const first = new Float32Array(indices.length * length);
    const second = secondView === 'none' ? null : new Float32Array(first.length);
    const mixes: (Mix | null)[] = [];
    for (const [i, index] of indices.entries()) {
      const own = sampleRng(random, index, repeats[i]);
      const data = Float32Array.from(pictures.subarray(i * length, (i + 1) * length));
      mixes.push((await this.slight?.apply(data, chosen[i]!.label, own.fork('slight'))) ?? null);
      const original: PixelImage = { data, height: size, width: size, channels };
      const seen = weak(original, own.fork('weak'));
      first.set(seen.data, i * length);
      if (second !== null)
        second.set((secondView === 'mirrored' ? flip(seen) : strong(original, own.fork('strong'))).data, i * length);
    }
    const isSoft = softLabels || slight != null;
    const labels = isSoft
      ? Float32Array.from(
          chosen.flatMap(({ label, shares }, i) =>
            towardRest(
              (softLabels ? shares : null) ?? oneHot(label, classCount),
              mixes[i]?.kept ?? 1,
              slight?.neutral ?? 0,
            ),
          ),
        )
      : Float32Array.from(chosen, ({ label }) => label);
    return {
      ...{ shape: [indices.length, size, size, channels], first, second, labels, isSoft },
      ...(chosen[0]?.teacherFeatures && { teacherFeatures: mixedFeatures(chosen, mixes) }),
      rows: Int32Array.from(indices),
    };
  }

  picture(row: number): Promise<Uint8Array> {
    return this.crops.read([this.samples[row]!.crop]);
  }
}

/** The rest of the label goes to the neutral class. */
function towardRest(shares: readonly number[], kept: number, neutral: number): readonly number[] {
  if (kept === 1) return shares;
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share, k) => kept * share + (k === neutral ? (1 - kept) * sum : 0));
}

/** What teachers see in faces, mixed like the faces. [n, D] */
function mixedFeatures(faces: readonly TrainingFace[], mixes: readonly (Mix | null)[]): Float32Array {
  const width = faces[0]!.teacherFeatures!.length;
  const rows = new Float32Array(faces.length * width);
  faces.forEach(({ teacherFeatures: own }, i) => {
    const { share, rest } = mixes[i] ?? { share: 1, rest: { teacherFeatures: own } };
    for (let k = 0; k < width; k += 1) rows[i * width + k] = share * own![k]! + (1 - share) * rest.teacherFeatures![k]!;
  });
  return rows;
}

function oneHot(label: number, classCount: number): number[] {
  return Array.from({ length: classCount }, (_, k) => (k === label ? 1 : 0));
}

/** Images predicted at a time: few, so that Ctrl-C between two of them is soon. */
const BATCH = 32;

/** Validation images without augmentation; with `flipTta`, averaged with their mirror images. */
export class ImageEvaluationSet implements EvaluationSet {
  readonly labels: Int32Array;

  constructor(
    private readonly crops: CropSource,
    private readonly samples: readonly TrainingFace[],
    private readonly flipTta = false,
  ) {
    this.labels = Int32Array.from(samples, ({ label }) => label);
  }

  async logits(predict: Predict): Promise<Float32Array[]> {
    const { size, channels } = this.crops.geometry;
    const rows: Float32Array[] = [];
    for (let from = 0; from < this.samples.length; from += BATCH) {
      const chosen = this.samples.slice(from, from + BATCH);
      const pictures = await this.crops.read(chosen.map(({ crop }) => crop));
      const shape = [chosen.length, size, size, channels] as const;
      const pixels = Float32Array.from(pictures);
      const plain = await predict(pixels, shape); // [n, C]
      // One below the other, they are mirrored as one picture.
      const mirrored = (): Float32Array =>
        flip({ data: pixels, height: chosen.length * size, width: size, channels }).data;
      const logits = this.flipTta ? mean(plain, await predict(mirrored(), shape)) : plain;
      const classes = logits.length / chosen.length;
      for (let i = 0; i < chosen.length; i += 1) rows.push(logits.slice(i * classes, (i + 1) * classes));
    }
    return rows;
  }
}
