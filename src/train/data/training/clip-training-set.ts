import { drawFrames, nearestFaces, vNawPixels } from '../../augment/clip.js';
import type { ClipAugmentation } from '../../augment/clip.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { countsOf, drawnShares } from '../../config/sampler.js';
import type { SamplerName } from '../../config/sampler.js';
import { sampleRng, stretchesOf } from './training-set.js';
import type { BatchRequest, EvaluationSet, MicroBatch, Predict, TrainingSet } from './training-set.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import type { ClipFeatures, FrameEncoder } from './clip-features.js';

/** A recording whose frames have labels. */
export interface LabelledClip {
  /** By frame: what its row is called. [T] */
  readonly rowIds: readonly string[];
  /** By frame: what it is called for people, where that differs. [T] */
  readonly names?: readonly string[];
  /** By frame: its crop, null where no face was found. [T] */
  readonly crops: readonly (number | null)[];
  /** By frame: class index, -1 without a label. [T] */
  readonly labels: readonly number[];
  /** By frame: its crop shows no whole face; none by default. [T] */
  readonly flawed?: readonly boolean[];
}

/** A clip of which at least one frame shows a face; the others stand in as the nearest one that does. */
interface FilledClip {
  readonly clip: LabelledClip;
  /** By frame: the frame whose face is seen. [T] */
  readonly nearest: readonly number[];
  /** Place of its first frame among the rows. */
  readonly firstRow: number;
}

export interface ClipTrainingOptions {
  /** Frames the network sees at a time. */
  readonly frames: number;
  readonly temporalScale: readonly [number, number] | null;
  readonly skipping: readonly [number, number] | null;
  /** How often a clip is mirrored. */
  readonly flip: number;
  /** The change of pixels before encoding; null if stored features are used. */
  readonly pixels: { readonly crops: CropSource; readonly encoder: Pick<FrameEncoder, 'encode'> } | null;
  /** The crops, for reports; null where there are only features. */
  readonly crops?: CropSource | null;
}

/** Clips to train on, as features of their frames: every frame is a sample. */
export class ClipTrainingSet implements TrainingSet {
  /** Clips left out because they show no face. */
  readonly withoutFace: number;
  private readonly clips: readonly FilledClip[];
  readonly classes: readonly number[];
  readonly rowIds: readonly string[];
  readonly rowNames: readonly string[];
  readonly rowLabels: Int32Array;
  private readonly draws: ReturnType<typeof drawFrames>;

  constructor(
    clips: readonly LabelledClip[],
    private readonly features: ClipFeatures,
    private readonly options: ClipTrainingOptions,
  ) {
    this.clips = fill(clips);
    this.withoutFace = clips.length - this.clips.length;
    this.draws = drawFrames({ count: options.frames, scale: options.temporalScale, skip: options.skipping });
    // As the paper balances them: by a clip's first label, of those that are trained with.
    this.classes = this.clips.map(
      ({ clip, nearest }) => nearest.map((frame) => clip.labels[frame]!).find((label) => label >= 0) ?? -1,
    );
    this.rowIds = this.clips.flatMap(({ clip }) => [...clip.rowIds]);
    this.rowNames = this.clips.flatMap(({ clip }) => [...(clip.names ?? clip.rowIds)]);
    this.rowLabels = Int32Array.from(this.clips.flatMap(({ clip }) => [...clip.labels]));
  }

  get count(): number {
    return this.clips.length;
  }

  /** Every clip that is drawn gives the same number of frames, however long it is. */
  drawn(sampler: SamplerName, classCount: number): number[] {
    const counts = countsOf(this.classes, classCount);
    const shares = drawnShares(sampler, counts);
    const drawn = counts.map(() => 0);
    for (const [i, { clip, nearest }] of this.clips.entries()) {
      const own = this.classes[i]!;
      if (own < 0) continue;
      const perFrame = shares[own]! / counts[own]! / nearest.length;
      for (const frame of nearest) {
        const label = clip.labels[frame]!;
        if (label >= 0) drawn[label]! += perFrame;
      }
    }
    return drawn;
  }

  async sampleBatch(...[indices, secondView, random, repeats = []]: BatchRequest): Promise<MicroBatch> {
    const { frames: count, flip, pixels } = this.options;
    const drawn = indices.map((index, i) => {
      const own = sampleRng(random, index, repeats[i]);
      const { clip, nearest, firstRow } = this.clips[index]!;
      const frames = this.draws(clip.crops.length, own.fork('frames')).map((frame) => nearest[frame]!);
      return {
        crops: frames.map((frame) => clip.crops[frame]!),
        clip,
        frames,
        firstRow,
        isFlipped: own.fork('flip').next() < flip,
        random: own.fork('pixels'),
      };
    });
    const change = vNawPixels({ flip });
    const changed =
      pixels === null
        ? null
        : await Promise.all(drawn.map((clip) => changePixels(clip.crops, pixels.crops, change, clip.random)));
    const views = async (mirrored: boolean): Promise<Float32Array> => {
      const parts: Float32Array[] = [];
      for (const [i, { crops, isFlipped }] of drawn.entries()) {
        parts.push(
          changed === null || pixels === null
            ? await this.features.of(crops, isFlipped !== mirrored)
            : await pixels.encoder.encode(changed[i]!, pixels.crops.geometry, mirrored),
        );
      }
      return concat(parts); // [B, T, D]
    };
    return {
      shape: [indices.length, count, this.features.dimensions],
      first: await views(false),
      second: secondView === 'none' ? null : await views(true),
      labels: Float32Array.from(drawn.flatMap(({ clip, frames }) => frames.map((frame) => clip.labels[frame]!))), // [B T]
      isSoft: false,
      rows: Int32Array.from(drawn.flatMap(({ frames, firstRow }) => frames.map((frame) => firstRow + frame))),
    };
  }

  /** The face of a frame. */
  async picture(row: number): Promise<Uint8Array | null> {
    const filled = this.clips.findLast(({ firstRow }) => firstRow <= row);
    if (filled === undefined || !this.options.crops) return null;
    const crop = filled.clip.crops[filled.nearest[row - filled.firstRow]!];
    return this.options.crops.read([crop!]);
  }
}

/** The pictures of a clip, changed alike. [T, S, S, C] */
async function changePixels(
  indices: readonly number[],
  crops: CropSource,
  change: ClipAugmentation,
  random: SeededRandom,
): Promise<Float32Array> {
  const { size, channels } = crops.geometry;
  const length = cropLength(crops.geometry);
  const bytes = await crops.read(indices);
  const frames = indices.map((_, i) => ({
    data: Float32Array.from(bytes.subarray(i * length, (i + 1) * length)),
    height: size,
    width: size,
    channels,
  }));
  return concat(change(frames, random).map(({ data }) => data));
}

/** Whole recordings to judge a model by: all of their frames count, those without a face as the nearest one with a face was answered. */
export class ClipEvaluationSet implements EvaluationSet {
  readonly labels: Int32Array;
  /** Clips left out because they show no face. */
  readonly withoutFace: number;
  private readonly clips: readonly FilledClip[];

  constructor(
    clips: readonly LabelledClip[],
    private readonly features: ClipFeatures,
  ) {
    this.clips = fill(clips);
    this.withoutFace = clips.length - this.clips.length;
    this.labels = Int32Array.from(this.clips.flatMap(({ clip }) => [...clip.labels]));
  }

  get count(): number {
    return this.clips.length;
  }

  async logits(predict: Predict): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    for (const { clip, nearest } of this.clips) {
      for (const { first, last, from, to } of stretchesOf(nearest.length)) {
        const seen = nearest.slice(first, last);
        const features = await this.features.of(
          seen.map((frame) => clip.crops[frame]!),
          false,
        );
        const logits = await predict(features, [1, seen.length, this.features.dimensions]); // [1, T, C]
        const classes = logits.length / seen.length;
        for (let frame = from; frame < to; frame += 1)
          rows.push(logits.slice((frame - first) * classes, (frame - first + 1) * classes));
      }
    }
    return rows;
  }
}

function fill(clips: readonly LabelledClip[]): FilledClip[] {
  let firstRow = 0;
  return clips.flatMap((clip) => {
    const nearest = nearestFaces(clip.crops.map((crop) => crop !== null));
    if (nearest === null) return [];
    const filled = { clip, nearest, firstRow };
    firstRow += clip.labels.length;
    return [filled];
  });
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
